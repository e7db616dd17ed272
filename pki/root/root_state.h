// What a Network Root is at one moment: its authorities with their keys, and the trust bundle that follows from them.
#ifndef PARANET_PKI_ROOT_ROOT_STATE_H_
#define PARANET_PKI_ROOT_ROOT_STATE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/base/clock.h"
#include "core/base/sqlite.h"
#include "paranet/v1/pki.pb.h"
#include "pki/certificate.h"
#include "pki/private_key.h"
#include "pki/root/audit_trail.h"
#include "pki/root/authority_book.h"
#include "pki/root/ledger.h"
#include "pki/root/root_key.h"
#include "pki/trust_store.h"

namespace paranet::pki {

// Thread-safe. The directory of a Network Root (network_root.h), open.
class RootState {
 public:
  // Immutable.
  struct View {
    uint64_t revision = 0;
    // All that there ever were, in the order of making.
    std::vector<Authority> authorities;
    // Which of them are active.
    size_t root = 0;
    size_t issuing = 0;
    // Of the issuing authorities that are trusted, by fingerprint.
    std::map<std::string, PrivateKey> issuing_keys;
    // The active root first.
    std::shared_ptr<const TrustStore> trust;
    v1::TrustBundle bundle;

    const Authority& active_root() const { return authorities[root]; }
    const Authority& active_issuing() const { return authorities[issuing]; }
    const PrivateKey& active_key() const { return issuing_keys.at(active_issuing().certificate.fingerprint()); }
    // The root in this state; null if there is none.
    const Authority* RootIn(AuthorityState state) const;
    // Null if there is none.
    const Authority* Find(const std::string& fingerprint) const;
  };

  // NetworkRoot::Open's errors.
  static absl::StatusOr<std::unique_ptr<RootState>> Open(const std::string& dir, absl::Time now);

  const std::string& dir() const { return dir_; }
  const std::string& network() const { return network_; }
  Ledger& ledger() { return *ledger_; }

  // The present one: read again if anybody has changed it.
  absl::StatusOr<std::shared_ptr<const View>> Current();
  // The same, or the last one that could be read.
  std::shared_ptr<const View> CurrentOrLast();
  // The last one that was read, without asking the ledger: for who finds out in a transaction (CheckFresh).
  std::shared_ptr<const View> Last() const;

  // The key of `root`, which is in a file of DIR, or where `key` says. FAILED_PRECONDITION, saying what to do, if it is
  // in neither place, needs a passphrase that is not given, or is the key of another certificate; PERMISSION_DENIED if
  // the passphrase is not the right one.
  absl::StatusOr<PrivateKey> LoadRootKey(const Authority& root, const RootKey& key) const;

 private:
  RootState(std::string dir, std::string network, std::unique_ptr<Ledger> ledger);
  absl::StatusOr<std::shared_ptr<const View>> Read();
  absl::StatusOr<PrivateKey> ReadFiles(const Authority& authority) const;

  const std::string dir_;
  const std::string network_;
  const std::unique_ptr<Ledger> ledger_;
  mutable absl::Mutex mu_;
  std::shared_ptr<const View> view_ ABSL_GUARDED_BY(mu_);
};

inline constexpr char kRootStem[] = "root";
inline constexpr char kIssuingStem[] = "issuing";

// Writes DIR/STEM.pem and DIR/STEM.key.pem, the latter encrypted if there is a passphrase. Files that an interrupted
// attempt has left are replaced.
absl::Status WriteAuthorityFiles(const std::string& dir, const std::string& stem, const Certificate& certificate,
                                 const PrivateKey& key, const std::optional<SecretString>& passphrase);

// Puts an authority into the ledger: its row, its certificate's, and the event that tells of it. In a transaction.
absl::Status RecordNewAuthority(Database& ledger, const Authority& authority, absl::Time now, const std::string& actor);

// ABORTED if anybody has changed what the network trusts since `view`: begin anew. In a transaction.
absl::Status CheckFresh(Database& ledger, const RootState::View& view);
// How often to begin anew.
inline constexpr int kAttempts = 16;

// `Network Root DIR: WHAT; restore ...`.
absl::Status DamagedRoot(const std::string& dir, absl::string_view what);

}  // namespace paranet::pki

#endif  // PARANET_PKI_ROOT_ROOT_STATE_H_
