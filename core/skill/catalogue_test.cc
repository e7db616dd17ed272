#include "core/skill/catalogue.h"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "core/base/status_testutil.h"
#include "core/skill/provider_testutil.h"
#include "core/skill/skill_set_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::shared_ptr<FakeProvider> Actor(const std::string& name) { return std::make_shared<FakeProvider>(name); }
std::shared_ptr<FakeProvider> Peer(const std::string& name) {
  return std::make_shared<FakeProvider>(name, Provider::Kind::kPeer);
}

// A service of one skill `SUBJECT/sum`.
std::shared_ptr<const SkillSet> Ledger(const std::string& package, const std::string& more_fields = "") {
  return MakeSkillSet(absl::StrCat("syntax = \"proto3\"; package ", package, "; message Entry { int64 amount = 1; ",
                                   more_fields, " } service Ledger { rpc Sum(Entry) returns (Entry); }"),
                      absl::StrCat(package, ".Ledger"));
}

std::vector<std::string> ProviderNames(const CatalogueEntry& entry) {
  std::vector<std::string> names;
  for (const auto& provider : entry.providers) names.push_back(provider->name());
  return names;
}

std::vector<std::string> Versions(const std::vector<SkillEntry>& entries) {
  std::vector<std::string> versions;
  for (const SkillEntry& entry : entries) versions.push_back(entry.entry->set->version().ToString());
  return versions;
}

TEST(Catalogue, BeginsEmpty) {
  Catalogue catalogue;
  EXPECT_EQ(catalogue.snapshot()->revision(), 0u);
  EXPECT_THAT(catalogue.snapshot()->entries(), IsEmpty());
  EXPECT_THAT(catalogue.snapshot()->FindPath("/weather.v1.Weather/Current"), IsEmpty());
  EXPECT_THAT(catalogue.snapshot()->FindSkill("weather/current"), IsEmpty());
}

TEST(Catalogue, FindsSkillsByPathAndByName) {
  Catalogue catalogue;
  ASSERT_OK(catalogue.Offer(Actor("weather@1.0.0"), {WeatherSkillSet()}));
  const auto snapshot = catalogue.snapshot();
  EXPECT_EQ(snapshot->revision(), 1u);
  ASSERT_THAT(snapshot->FindPath("/weather.v1.Weather/Watch"), SizeIs(1));
  EXPECT_EQ(snapshot->FindPath("/weather.v1.Weather/Watch")[0].skill->id.ToString(), "weather/watch");
  ASSERT_THAT(snapshot->FindSkill("weather/current"), SizeIs(1));
  EXPECT_EQ(snapshot->FindSkill("weather/current")[0].skill->path, "/weather.v1.Weather/Current");
  EXPECT_THAT(snapshot->FindSkill("weather/none"), IsEmpty());
  EXPECT_THAT(snapshot->SkillNames(),
              ElementsAre("weather/chat", "weather/current", "weather/report", "weather/watch"));
}

TEST(Catalogue, PutsTheHighestVersionFirst) {
  Catalogue catalogue;
  ASSERT_OK(catalogue.Offer(Actor("a"), {WeatherSkillSet("1.9.0"), WeatherSkillSet("1.10.0")}));
  ASSERT_OK(catalogue.Offer(Actor("b"), {WeatherSkillSet("2.0.0-rc.1"), WeatherSkillSet("1.9.1"), Ledger("a.v1")}));
  const auto snapshot = catalogue.snapshot();
  EXPECT_THAT(Versions(snapshot->FindSkill("weather/current")), ElementsAre("2.0.0-rc.1", "1.10.0", "1.9.1", "1.9.0"));
  EXPECT_THAT(Versions(snapshot->FindPath("/weather.v1.Weather/Current")),
              ElementsAre("2.0.0-rc.1", "1.10.0", "1.9.1", "1.9.0"));
  ASSERT_THAT(snapshot->entries(), SizeIs(5));
  EXPECT_EQ(snapshot->entries()[0]->set->name(), "a.v1.Ledger");
  EXPECT_EQ(snapshot->entries()[1]->set->version().ToString(), "2.0.0-rc.1");
  EXPECT_THAT(snapshot->SkillNames(), SizeIs(5));
}

TEST(Catalogue, OneSetWithSeveralProvidersIsOneEntryActorsFirst) {
  Catalogue catalogue;
  ASSERT_OK(catalogue.Offer(Peer("alpha"), {WeatherSkillSet()}));
  EXPECT_FALSE(catalogue.snapshot()->entries()[0]->local());
  ASSERT_OK(catalogue.Offer(Peer("beta"), {WeatherSkillSet()}));
  ASSERT_OK(catalogue.Offer(Actor("weather@1.0.0"), {WeatherSkillSet()}));
  const auto snapshot = catalogue.snapshot();
  ASSERT_THAT(snapshot->entries(), SizeIs(1));
  EXPECT_THAT(ProviderNames(*snapshot->entries()[0]), ElementsAre("weather@1.0.0", "alpha", "beta"));
  EXPECT_TRUE(snapshot->entries()[0]->local());
}

TEST(Catalogue, AnOfferReplacesTheOneBefore) {
  Catalogue catalogue;
  auto provider = Actor("a");
  ASSERT_OK(catalogue.Offer(provider, {WeatherSkillSet(), Ledger("a.v1")}));
  const auto before = catalogue.snapshot();
  ASSERT_OK(catalogue.Offer(provider, {Ledger("a.v1", "string note = 2;")}));
  EXPECT_THAT(catalogue.snapshot()->SkillNames(), ElementsAre("ledger/sum"));
  EXPECT_EQ(catalogue.snapshot()->revision(), 2u);
  EXPECT_THAT(before->SkillNames(), SizeIs(5)) << "a snapshot never changes";
}

TEST(Catalogue, WithdrawTakesAllBack) {
  Catalogue catalogue;
  ASSERT_OK(catalogue.Offer(Actor("a"), {WeatherSkillSet()}));
  ASSERT_OK(catalogue.Offer(Peer("beta"), {WeatherSkillSet(), Ledger("a.v1")}));
  catalogue.Withdraw("beta");
  EXPECT_THAT(catalogue.snapshot()->entries(), SizeIs(1));
  EXPECT_EQ(catalogue.snapshot()->revision(), 3u);
  catalogue.Withdraw("beta");
  catalogue.Withdraw("nobody");
  EXPECT_EQ(catalogue.snapshot()->revision(), 3u);
}

TEST(Catalogue, WithdrawnProvidersAreReleasedThoughThisThreadHasSeenThem) {
  Catalogue catalogue;
  auto provider = Actor("a");
  std::weak_ptr<FakeProvider> watch = provider;
  ASSERT_OK(catalogue.Offer(std::move(provider), {WeatherSkillSet()}));
  EXPECT_EQ(catalogue.snapshot()->entries().size(), 1u);
  catalogue.Withdraw("a");
  EXPECT_TRUE(watch.expired());
}

TEST(Catalogue, RefusesOtherDescriptorsUnderTheSameVersion) {
  Catalogue catalogue;
  ASSERT_OK(catalogue.Offer(Actor("ledger@1.0.0"), {Ledger("a.v1")}));
  EXPECT_THAT(catalogue.Offer(Peer("beta"), {WeatherSkillSet(), Ledger("a.v1", "string note = 2;")}),
              StatusIs(absl::StatusCode::kAlreadyExists,
                       AllOf(HasSubstr("a.v1.Ledger 1.0.0"), HasSubstr("actor ledger@1.0.0"), HasSubstr("peer beta"))));
  EXPECT_EQ(catalogue.snapshot()->revision(), 1u) << "all or nothing";
  EXPECT_THAT(catalogue.snapshot()->SkillNames(), ElementsAre("ledger/sum"));
}

TEST(Catalogue, RefusesASkillNameOfAnotherService) {
  Catalogue catalogue;
  ASSERT_OK(catalogue.Offer(Actor("a"), {Ledger("a.v1")}));
  EXPECT_THAT(catalogue.Offer(Actor("b"), {Ledger("b.v1")}),
              StatusIs(absl::StatusCode::kAlreadyExists,
                       AllOf(HasSubstr("ledger/sum"), HasSubstr("a.v1.Ledger"), HasSubstr("b.v1.Ledger"))));
  EXPECT_THAT(catalogue.Offer(Actor("a"), {Ledger("a.v1"), Ledger("b.v1")}),
              StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("ledger/sum")));
  EXPECT_OK(catalogue.Offer(Actor("a"), {Ledger("b.v1")})) << "in place of what it offered before";
}

TEST(Catalogue, RefusesNonsense) {
  Catalogue catalogue;
  EXPECT_THAT(catalogue.Offer(nullptr, {}), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(catalogue.Offer(Actor("a"), {nullptr}), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(catalogue.Offer(Actor("a"), {WeatherSkillSet(), WeatherSkillSet()}),
              StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("twice")));
  EXPECT_EQ(catalogue.snapshot()->revision(), 0u);
}

TEST(Catalogue, SubscribersSeeEveryChangeInOrder) {
  Catalogue catalogue;
  std::vector<std::string> seen;
  catalogue.Subscribe([&](const auto& snapshot) { seen.push_back(absl::StrCat("a", snapshot->revision())); });
  const uint64_t second = catalogue.Subscribe([&](const auto& snapshot) {
    EXPECT_EQ(catalogue.snapshot(), snapshot);
    seen.push_back(absl::StrCat("b", snapshot->revision()));
  });
  ASSERT_OK(catalogue.Offer(Actor("a"), {WeatherSkillSet()}));
  catalogue.Touch();
  catalogue.Unsubscribe(second);
  catalogue.Unsubscribe(second);
  catalogue.Withdraw("a");
  EXPECT_FALSE(catalogue.Offer(nullptr, {}).ok());
  EXPECT_THAT(seen, ElementsAre("a1", "b1", "a2", "b2", "a3"));
}

TEST(Catalogue, TouchKeepsTheEntries) {
  Catalogue catalogue;
  ASSERT_OK(catalogue.Offer(Actor("a"), {WeatherSkillSet()}));
  const auto before = catalogue.snapshot();
  catalogue.Touch();
  EXPECT_EQ(catalogue.snapshot()->revision(), 2u);
  EXPECT_EQ(catalogue.snapshot()->entries(), before->entries());
  EXPECT_THAT(catalogue.snapshot()->FindSkill("weather/current"), SizeIs(1));
}

TEST(Catalogue, UnsubscribeWaitsForTheRunningSubscriber) {
  Catalogue catalogue;
  absl::Notification entered, leave;
  std::atomic<bool> running{false};
  const uint64_t id = catalogue.Subscribe([&](const auto&) {
    running = true;
    entered.Notify();
    leave.WaitForNotification();
    running = false;
  });
  std::thread changer([&] { catalogue.Touch(); });
  entered.WaitForNotification();
  std::thread releaser([&] { leave.Notify(); });
  catalogue.Unsubscribe(id);
  EXPECT_FALSE(running);
  changer.join();
  releaser.join();
  catalogue.Touch();
  EXPECT_FALSE(running);
}

TEST(Catalogue, ASubscriberMayEndItself) {
  Catalogue catalogue;
  int calls = 0;
  uint64_t id = 0;
  id = catalogue.Subscribe([&](const auto&) {
    ++calls;
    catalogue.Unsubscribe(id);
  });
  catalogue.Touch();
  catalogue.Touch();
  EXPECT_EQ(calls, 1);
}

TEST(Catalogue, AChangeByASubscriberDoesNotDeadlockAndKeepsTheOrder) {
  Catalogue catalogue;
  std::vector<uint64_t> seen;
  catalogue.Subscribe([&](const auto& snapshot) {
    if (snapshot->revision() == 1) catalogue.Touch();
  });
  catalogue.Subscribe([&](const auto& snapshot) { seen.push_back(snapshot->revision()); });
  catalogue.Touch();
  EXPECT_THAT(seen, ElementsAre(1u, 2u));
}

TEST(Catalogue, ANewCatalogueAtTheSameAddressHasItsOwnSnapshots) {
  std::optional<Catalogue> catalogue;
  catalogue.emplace();
  ASSERT_OK(catalogue->Offer(Actor("a"), {WeatherSkillSet()}));
  const auto kept = catalogue->snapshot();
  EXPECT_THAT(kept->SkillNames(), SizeIs(4));
  catalogue.emplace();
  ASSERT_OK(catalogue->Offer(Actor("a"), {Ledger("a.v1")}));
  EXPECT_EQ(catalogue->snapshot()->revision(), kept->revision());
  EXPECT_THAT(catalogue->snapshot()->SkillNames(), ElementsAre("ledger/sum"));
}

TEST(Catalogue, ManyCataloguesOnOneThread) {
  std::vector<std::unique_ptr<Catalogue>> catalogues;
  for (int i = 0; i < 40; ++i) {
    catalogues.push_back(std::make_unique<Catalogue>());
    for (int j = 0; j < i; ++j) catalogues.back()->Touch();
  }
  for (int round = 0; round < 2; ++round) {
    for (uint64_t i = 0; i < 40; ++i) EXPECT_EQ(catalogues[i]->snapshot()->revision(), i);
  }
}

TEST(Catalogue, ReadersOnManyThreadsNeverGoBack) {
  Catalogue catalogue;
  const auto weather = WeatherSkillSet();
  std::atomic<bool> done{false};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      uint64_t last = 0;
      while (!done) {
        const auto snapshot = catalogue.snapshot();
        EXPECT_GE(snapshot->revision(), last);
        last = snapshot->revision();
        EXPECT_LE(snapshot->FindSkill("weather/current").size(), 1u);
      }
    });
  }
  std::vector<std::thread> writers;
  for (int i = 0; i < 2; ++i) {
    writers.emplace_back([&, i] {
      const auto provider = Actor(absl::StrCat("actor-", i));
      for (int j = 0; j < 100; ++j) {
        EXPECT_OK(catalogue.Offer(provider, {weather}));
        catalogue.Withdraw(provider->name());
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  done = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(catalogue.snapshot()->revision(), 400u);
  EXPECT_THAT(catalogue.snapshot()->entries(), IsEmpty());
}

}  // namespace
}  // namespace paranet
