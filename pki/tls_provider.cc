#include "pki/tls_provider.h"

#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/optional.h"
#include "pki/secret_access.h"
#include "pki/secret_string.h"
#include "src/core/lib/gprpp/ref_counted_ptr.h"
#include "src/core/lib/gprpp/unique_type_name.h"
#include "src/core/lib/security/credentials/tls/grpc_tls_certificate_distributor.h"
#include "src/core/lib/security/credentials/tls/grpc_tls_certificate_provider.h"
#include "src/core/lib/security/security_connector/ssl_utils.h"

namespace paranet::pki {
namespace {

class FixedSource final : public TlsSource {
 public:
  explicit FixedSource(TlsMaterial material) : material_(std::move(material)) {}
  TlsMaterial Present() const override { return material_; }
  uint64_t Subscribe(std::function<void()> /*changed*/) override { return 0; }
  void Unsubscribe(uint64_t /*id*/) override {}

 private:
  const TlsMaterial material_;
};

class NodeSource final : public TlsSource {
 public:
  explicit NodeSource(std::shared_ptr<NodeTrust> trust) : trust_(std::move(trust)) {}

  TlsMaterial Present() const override {
    const std::shared_ptr<const TrustState> state = trust_->state();
    return {state->identity->key(), state->identity->chain(), state->identity->trust(), state->revocations};
  }
  uint64_t Subscribe(std::function<void()> changed) override {
    return trust_->Subscribe([changed = std::move(changed)](const std::shared_ptr<const TrustState>&) { changed(); });
  }
  void Unsubscribe(uint64_t id) override { trust_->Unsubscribe(id); }

 private:
  const std::shared_ptr<NodeTrust> trust_;
};

// gRPC's own kinds of provider hold fixed data or watch files; this one is told. gRPC holds it for as long as there are
// credentials or connections made with them.
class CoreProvider final : public grpc_tls_certificate_provider {
 public:
  explicit CoreProvider(std::shared_ptr<TlsSource> source)
      : source_(std::move(source)), distributor_(grpc_core::MakeRefCounted<grpc_tls_certificate_distributor>()) {
    // gRPC forgets what nobody watches, so that whoever begins to is given it.
    distributor_->SetWatchStatusCallback([this](const std::string& name, bool root, bool identity) {
      if (root || identity) Hand(name);
    });
    subscription_ = source_->Subscribe([this] { Hand(""); });
  }

  ~CoreProvider() override {
    source_->Unsubscribe(subscription_);
    distributor_->SetWatchStatusCallback(nullptr);
  }

  grpc_core::RefCountedPtr<grpc_tls_certificate_distributor> distributor() const override { return distributor_; }

  grpc_core::UniqueTypeName type() const override {
    static grpc_core::UniqueTypeName::Factory kFactory("Paranet");
    return kFactory.Create();
  }

 private:
  int CompareImpl(const grpc_tls_certificate_provider* other) const override {
    const grpc_tls_certificate_provider* const self = this;
    return self == other ? 0 : (self < other ? -1 : 1);
  }

  // Reads what is present with the lock held, so that of two changes at once the later one is handed on last.
  void Hand(const std::string& name) {
    absl::MutexLock lock(&mu_);
    const TlsMaterial material = source_->Present();
    // They decide nothing (the verifier does), but without any a client would look for the system's.
    std::string roots;
    if (material.trust != nullptr) roots = material.trust->ToPem();
    absl::optional<grpc_core::PemKeyCertPairList> pairs;
    if (material.key.has_value()) {
      const SecretAccess access("gRPC wants the key as a string");
      const SecretString key = material.key->ToPem(access);
      pairs.emplace();
      pairs->emplace_back(key.view(), material.chain.ToPem());
    }
    distributor_->SetKeyMaterials(name, std::move(roots), std::move(pairs));
  }

  const std::shared_ptr<TlsSource> source_;
  const grpc_core::RefCountedPtr<grpc_tls_certificate_distributor> distributor_;
  absl::Mutex mu_;
  uint64_t subscription_ = 0;
};

class Provider final : public grpc::experimental::CertificateProviderInterface {
 public:
  explicit Provider(std::shared_ptr<TlsSource> source)
      : core_(grpc_core::MakeRefCounted<CoreProvider>(std::move(source))) {}
  grpc_tls_certificate_provider* c_provider() override { return core_.get(); }

 private:
  const grpc_core::RefCountedPtr<CoreProvider> core_;
};

}  // namespace

std::shared_ptr<TlsSource> MakeFixedSource(TlsMaterial material) {
  return std::make_shared<FixedSource>(std::move(material));
}

std::shared_ptr<TlsSource> MakeNodeSource(std::shared_ptr<NodeTrust> trust) {
  return std::make_shared<NodeSource>(std::move(trust));
}

std::shared_ptr<grpc::experimental::CertificateProviderInterface> MakeCertificateProvider(
    std::shared_ptr<TlsSource> source) {
  return std::make_shared<Provider>(std::move(source));
}

}  // namespace paranet::pki
