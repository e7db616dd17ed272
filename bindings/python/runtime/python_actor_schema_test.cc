#include "bindings/python/runtime/python_actor_schema.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/status_testutil.h"
#include "core/package/archive.h"
#include "core/package/package.h"
#include "core/skill/skill_set.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kModule[] = R"(
import os
from paranet import skill
print("imported", flush=True)

@skill("hello/greet")
def greet(name: str) -> str:
    "Greets."
    return name

@skill("bye/wave", version="2.0.0")
def wave() -> None: ...
)";

constexpr char kManifest[] = R"(
id: hello
name: Hello
version: 1.0.0
actors:
  - id: hello
    version: 1.0.0
    python: hello.main
)";

// A package folder with a module.
TemporaryDirectory MakeFolder(absl::string_view source) {
  TemporaryDirectory folder = TemporaryDirectory::Create().value();
  EXPECT_OK(MakeDirectories(absl::StrCat(folder.path(), "/hello")));
  EXPECT_OK(WriteFileAtomically(absl::StrCat(folder.path(), "/hello/main.py"), source));
  EXPECT_OK(WriteFileAtomically(absl::StrCat(folder.path(), "/paranet.yaml"), kManifest));
  return folder;
}

TEST(PythonActorSchemaTest, FindsEverySkillSet) {
  const TemporaryDirectory folder = MakeFolder(kModule);
  v1::ActorManifest actor;
  actor.set_python("hello.main");
  ASSERT_OK_AND_ASSIGN(const ActorSchema schema, PythonActorSchema(folder.path(), actor));
  EXPECT_THAT(schema.skill_sets, ElementsAre("bye.v2.Bye", "hello.v1.Hello"));
  ASSERT_OK_AND_ASSIGN(const auto set, SkillSet::Create(schema.descriptors, "hello.v1.Hello"));
  EXPECT_EQ(set->skills()[0].description, "Greets.");
}

TEST(PythonActorSchemaTest, TheSameFilesMakeTheSamePackage) {
  const TemporaryDirectory one = MakeFolder(kModule);
  const TemporaryDirectory two = MakeFolder(kModule);
  ASSERT_OK_AND_ASSIGN(const Package first, BuildPackage(one.path(), {.python_schema = &PythonActorSchema}));
  ASSERT_OK_AND_ASSIGN(const Package second, BuildPackage(two.path(), {.python_schema = &PythonActorSchema}));
  EXPECT_EQ(SerializeArchive(first).value(), SerializeArchive(second).value());
  // Nothing is left behind.
  EXPECT_EQ(BuildPackage(one.path(), {.python_schema = &PythonActorSchema})->Digest(), first.Digest());
}

TEST(PythonActorSchemaTest, AnErrorOfTheModuleIsShown) {
  const TemporaryDirectory folder = MakeFolder("def f(:\n");
  EXPECT_THAT(
      BuildPackage(folder.path(), {.python_schema = &PythonActorSchema}).status(),
      StatusIs(absl::StatusCode::kInvalidArgument, AllOf(HasSubstr("hello/main.py"), HasSubstr("SyntaxError"))));
}

}  // namespace
}  // namespace paranet
