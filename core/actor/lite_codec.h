// Protobuf's wire format for plain structs, without protobuf (https://protobuf.dev/programming-guides/encoding/).
//
// A message is a struct with `void EncodeTo(lite::Encoder& out) const` and `bool DecodeField(uint32_t number,
// lite::Decoder& in)`; generated structs have them (core/actor/lite.h). proto3: a field without presence that has its
// default value is not written.
#ifndef PARANET_CORE_ACTOR_LITE_CODEC_H_
#define PARANET_CORE_ACTOR_LITE_CODEC_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace paranet::lite {

// How a scalar is written.
enum class Wire { kVarint, kZigZag, kFixed32, kFixed64 };

class Encoder;
class Decoder;

template <typename Message>
std::string Encode(const Message& message);
// Replaces nothing that the bytes do not have. False if they are not well-formed.
template <typename Message>
bool Decode(const void* data, size_t size, Message* message);

class Encoder {
 public:
  std::string Take() { return std::move(out_); }

  template <Wire kWire, typename T>
  void Scalar(uint32_t number, T value) {
    Tag(number, TypeOf(kWire));
    Put<kWire>(value);
  }
  void Bytes(uint32_t number, const std::string& value) {
    Tag(number, 2);
    Varint(value.size());
    out_ += value;
  }
  template <typename T>
  void Sub(uint32_t number, const T& message) {
    Bytes(number, Encode(message));
  }
  template <Wire kWire, typename T>
  void Packed(uint32_t number, const std::vector<T>& values) {
    if (values.empty()) return;
    Encoder packed;
    for (const T value : values) packed.Put<kWire>(value);
    Bytes(number, packed.Take());
  }

  static constexpr uint32_t TypeOf(Wire wire) { return wire == Wire::kFixed64 ? 1 : wire == Wire::kFixed32 ? 5 : 0; }

 private:
  void Tag(uint32_t number, uint32_t type) { Varint((uint64_t{number} << 3) | type); }
  void Varint(uint64_t value) {
    for (; value >= 0x80; value >>= 7) out_.push_back(static_cast<char>(value | 0x80));
    out_.push_back(static_cast<char>(value));
  }
  template <Wire kWire, typename T>
  void Put(T value) {
    if constexpr (kWire == Wire::kVarint) {
      // Negative numbers are as long as 64-bit ones.
      Varint(static_cast<uint64_t>(static_cast<int64_t>(value)));
    } else if constexpr (kWire == Wire::kZigZag) {
      const auto wide = static_cast<int64_t>(value);
      Varint((static_cast<uint64_t>(wide) << 1) ^ static_cast<uint64_t>(wide >> 63));
    } else {
      // The machines that nodes run on are little-endian, as the wire is.
      char bytes[sizeof(T)];
      std::memcpy(bytes, &value, sizeof(T));
      out_.append(bytes, sizeof(T));
    }
  }

  std::string out_;
};

// The fields of one message, one after the other.
class Decoder {
 public:
  Decoder(const char* data, size_t size, int depth) : at_(data), end_(data + size), depth_(depth) {}

  bool done() const { return at_ == end_; }

  // The tag of the next field.
  bool Next(uint32_t* number) {
    uint64_t tag = 0;
    if (!Varint(&tag) || (tag >> 3) == 0 || (tag >> 3) >= (uint64_t{1} << 29)) return false;
    type_ = static_cast<uint32_t>(tag & 7);
    *number = static_cast<uint32_t>(tag >> 3);
    return true;
  }

  template <Wire kWire, typename T>
  bool Scalar(T* value) {
    return type_ == Encoder::TypeOf(kWire) && Get<kWire>(value);
  }
  template <Wire kWire, typename T>
  bool Scalar(std::optional<T>* value) {
    return Scalar<kWire>(&value->emplace());
  }
  // Packed or not.
  template <Wire kWire, typename T>
  bool Repeated(std::vector<T>* values) {
    if (type_ != 2) {
      T value{};
      if (!Scalar<kWire>(&value)) return false;
      values->push_back(value);
      return true;
    }
    Decoder packed(nullptr, 0, depth_);
    if (!Delimited(&packed)) return false;
    while (!packed.done()) {
      T value{};
      if (!packed.Get<kWire>(&value)) return false;
      values->push_back(value);
    }
    return true;
  }
  bool Bytes(std::string* value) {
    Decoder bytes(nullptr, 0, depth_);
    if (type_ != 2 || !Delimited(&bytes)) return false;
    value->assign(bytes.at_, static_cast<size_t>(bytes.end_ - bytes.at_));
    return true;
  }
  bool Bytes(std::optional<std::string>* value) { return Bytes(&value->emplace()); }
  bool Bytes(std::vector<std::string>* values) { return Bytes(&values->emplace_back()); }
  template <typename T>
  bool Sub(T* message) {
    Decoder sub(nullptr, 0, depth_ + 1);
    return type_ == 2 && depth_ < kMaxDepth && Delimited(&sub) && sub.Message(message);
  }
  template <typename T>
  bool Sub(std::optional<T>* message) {
    // What comes in two parts is one message.
    if (!message->has_value()) message->emplace();
    return Sub(&**message);
  }
  template <typename T>
  bool Sub(std::vector<T>* messages) {
    return Sub(&messages->emplace_back());
  }
  // An entry of a map: a message with a key (1) and a value (2). `Entry` is generated.
  template <typename Entry, typename Key, typename Value>
  bool MapEntry(std::map<Key, Value>* values) {
    Entry entry;
    if (!Sub(&entry)) return false;
    (*values)[std::move(entry.key)] = std::move(entry.value);
    return true;
  }
  // A field that is not known.
  bool Skip() {
    uint64_t ignored = 0;
    Decoder bytes(nullptr, 0, depth_);
    switch (type_) {
      case 0:
        return Varint(&ignored);
      case 1:
        return Advance(8);
      case 2:
        return Delimited(&bytes);
      case 5:
        return Advance(4);
      default:
        return false;
    }
  }

  template <typename T>
  bool Message(T* message) {
    uint32_t number = 0;
    while (!done()) {
      if (!Next(&number) || !message->DecodeField(number, *this)) return false;
    }
    return true;
  }

 private:
  static constexpr int kMaxDepth = 100;

  bool Advance(size_t size) {
    if (static_cast<size_t>(end_ - at_) < size) return false;
    at_ += size;
    return true;
  }
  bool Varint(uint64_t* value) {
    *value = 0;
    for (int shift = 0; shift < 70; shift += 7) {
      if (at_ == end_) return false;
      const auto byte = static_cast<unsigned char>(*at_++);
      if (shift < 64) *value |= uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }
  bool Delimited(Decoder* inside) {
    uint64_t size = 0;
    if (!Varint(&size) || size > static_cast<uint64_t>(end_ - at_)) return false;
    inside->at_ = at_;
    inside->end_ = at_ + size;
    at_ += size;
    return true;
  }
  template <Wire kWire, typename T>
  bool Get(T* value) {
    if constexpr (kWire == Wire::kVarint || kWire == Wire::kZigZag) {
      uint64_t wide = 0;
      if (!Varint(&wide)) return false;
      if constexpr (kWire == Wire::kZigZag) wide = (wide >> 1) ^ (~(wide & 1) + 1);
      if constexpr (sizeof(T) == 1) {
        *value = wide != 0;
      } else {
        *value = static_cast<T>(wide);
      }
      return true;
    } else {
      const char* const from = at_;
      if (!Advance(sizeof(T))) return false;
      std::memcpy(value, from, sizeof(T));
      return true;
    }
  }

  const char* at_;
  const char* end_;
  int depth_;
  uint32_t type_ = 0;
};

template <typename Message>
std::string Encode(const Message& message) {
  Encoder out;
  message.EncodeTo(out);
  return out.Take();
}

template <typename Message>
bool Decode(const void* data, size_t size, Message* message) {
  return Decoder(static_cast<const char*>(data), size, 0).Message(message);
}

}  // namespace paranet::lite

#endif  // PARANET_CORE_ACTOR_LITE_CODEC_H_
