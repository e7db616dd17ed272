#include "tools/protoc_gen_paranet/generator.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "google/protobuf/compiler/cpp/names.h"
#include "google/protobuf/io/printer.h"
#include "google/protobuf/io/zero_copy_stream.h"

namespace paranet {
namespace {

using google::protobuf::FileDescriptor;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;
using google::protobuf::SourceLocation;
using google::protobuf::compiler::cpp::QualifiedClassName;
using google::protobuf::io::Printer;
using Variables = std::map<std::string, std::string>;

// Of the class that is generated; a method must not have its name.
constexpr char kMethodsFunction[] = "ParanetMethods";
// The end of the names of a client's functions that do not block.
constexpr char kAsync[] = "Async";

bool IsKeyword(absl::string_view name) {
  static const auto& keywords = *new absl::flat_hash_set<absl::string_view>{
      "alignas",     "alignof",  "and",       "and_eq",    "asm",       "auto",         "bitand",
      "bitor",       "bool",     "break",     "case",      "catch",     "char",         "char16_t",
      "char32_t",    "char8_t",  "class",     "co_await",  "co_return", "co_yield",     "compl",
      "concept",     "const",    "consteval", "constexpr", "constinit", "const_cast",   "continue",
      "decltype",    "default",  "delete",    "do",        "double",    "dynamic_cast", "else",
      "enum",        "explicit", "export",    "extern",    "false",     "float",        "for",
      "friend",      "goto",     "if",        "inline",    "int",       "long",         "mutable",
      "namespace",   "new",      "noexcept",  "not",       "not_eq",    "nullptr",      "operator",
      "or",          "or_eq",    "private",   "protected", "public",    "register",     "reinterpret_cast",
      "requires",    "return",   "short",     "signed",    "sizeof",    "static",       "static_assert",
      "static_cast", "struct",   "switch",    "template",  "this",      "thread_local", "throw",
      "true",        "try",      "typedef",   "typeid",    "typename",  "union",        "unsigned",
      "using",       "virtual",  "void",      "volatile",  "wchar_t",   "while",        "xor",
      "xor_eq"};
  return keywords.contains(name);
}

std::string ClassOf(const ServiceDescriptor& service) { return absl::StrCat(service.name(), "SkillSet"); }

std::string ClientOf(const ServiceDescriptor& service) { return absl::StrCat(service.name(), "Client"); }

bool IsUnary(const MethodDescriptor& method) { return !method.client_streaming() && !method.server_streaming(); }

std::string PathOf(const MethodDescriptor& method) {
  return absl::StrCat("/", method.service()->full_name(), "/", method.name());
}

std::string StemOf(const FileDescriptor& file) { return std::string(absl::StripSuffix(file.name(), ".proto")); }

bool IsTaken(const FileDescriptor& file, const std::string& name) {
  return file.FindMessageTypeByName(name) != nullptr || file.FindEnumTypeByName(name) != nullptr ||
         file.FindServiceByName(name) != nullptr;
}

absl::Status CheckMethod(const FileDescriptor& file, const MethodDescriptor& method) {
  const ServiceDescriptor& service = *method.service();
  const std::string& name = method.name();
  if (IsKeyword(name) || name == kMethodsFunction || name == ClassOf(service) || name == ClientOf(service)) {
    return absl::InvalidArgumentError(absl::StrCat(file.name(), ": method ", name, " of service ", service.name(),
                                                   " cannot be a C++ function of that name; rename it"));
  }
  if (IsUnary(method) && service.FindMethodByName(name + kAsync) != nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(file.name(), ": the client of service ", service.name(),
                                                   " would have two functions ", name, kAsync, ", of method ", name,
                                                   " and of method ", name, kAsync, "; rename one of them"));
  }
  return absl::OkStatus();
}

absl::Status Check(const FileDescriptor& file) {
  for (int s = 0; s < file.service_count(); ++s) {
    const ServiceDescriptor& service = *file.service(s);
    if (service.method_count() == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat(file.name(), ": service ", service.name(), " has no methods: a skill set has at least one"));
    }
    for (const std::string& class_name : {ClassOf(service), ClientOf(service)}) {
      if (!IsTaken(file, class_name)) continue;
      return absl::InvalidArgumentError(absl::StrCat(file.name(), ": a class of service ", service.name(),
                                                     " would be called ", class_name,
                                                     ", and so is something else in this file; rename one of them"));
    }
    for (int m = 0; m < service.method_count(); ++m) {
      if (absl::Status status = CheckMethod(file, *service.method(m)); !status.ok()) return status;
    }
  }
  return absl::OkStatus();
}

// The comment that the author wrote before `descriptor`, or `otherwise`.
template <typename Descriptor>
void PrintComment(const Descriptor& descriptor, absl::string_view otherwise, Printer& printer) {
  SourceLocation location;
  std::string text(otherwise);
  if (descriptor.GetSourceLocation(&location) && !location.leading_comments.empty()) text = location.leading_comments;
  const std::vector<std::string> lines = absl::StrSplit(absl::StripTrailingAsciiWhitespace(text), '\n');
  for (const std::string& line : lines) {
    // A line of the comment that ends in a backslash would swallow the next.
    const absl::string_view safe = absl::StripTrailingAsciiWhitespace(absl::StripSuffix(line, "\\"));
    const std::string comment = safe.empty() ? "//" : absl::StrCat("//", safe.front() == ' ' ? "" : " ", safe);
    printer.Print("$comment$\n", "comment", comment);
  }
}

void PrintDeclaration(const MethodDescriptor& method, Printer& printer) {
  const Variables variables = {{"name", method.name()},
                               {"request", QualifiedClassName(method.input_type())},
                               {"response", QualifiedClassName(method.output_type())}};
  PrintComment(method, absl::StrCat(" `", PathOf(method), "`"), printer);
  if (method.server_streaming()) {
    printer.Print(variables, "virtual ::absl::Status $name$(\n");
  } else {
    printer.Print(variables, "virtual ::absl::StatusOr<$response$> $name$(\n");
  }
  printer.Print("    ::paranet::actor::CallContext& call,\n");
  if (method.client_streaming()) {
    printer.Print(variables, "    ::paranet::actor::Reader<$request$>& reader");
  } else {
    printer.Print(variables, "    const $request$& request");
  }
  if (method.server_streaming()) printer.Print(variables, ",\n    ::paranet::actor::Writer<$response$>& writer");
  printer.Print(") = 0;\n");
}

void PrintClientFunctions(const MethodDescriptor& method, Printer& printer) {
  const Variables variables = {{"name", method.name()},
                               {"async", kAsync},
                               {"path", PathOf(method)},
                               {"request", QualifiedClassName(method.input_type())},
                               {"response", QualifiedClassName(method.output_type())}};
  PrintComment(method, absl::StrCat(" `", PathOf(method), "`"), printer);
  if (method.client_streaming()) {
    printer.Print(variables, method.server_streaming()
                                 ? "::paranet::actor::OutgoingExchange<$request$, $response$> $name$() const {\n"
                                 : "::paranet::actor::OutgoingWriter<$request$, $response$> $name$() const {\n");
    printer.Print(variables, "  return {client_, \"$path$\"};\n}\n");
    return;
  }
  if (method.server_streaming()) {
    printer.Print(variables,
                  "::paranet::actor::OutgoingReader<$response$> $name$(\n"
                  "    const $request$& request) const {\n"
                  "  return {client_, \"$path$\", request};\n"
                  "}\n");
    return;
  }
  printer.Print(variables,
                "::absl::StatusOr<$response$> $name$(\n"
                "    const $request$& request) const {\n"
                "  return client_.Call<$response$>(\"$path$\", request);\n"
                "}\n"
                "// The same without waiting; see Client::CallAsync.\n"
                "void $name$$async$(\n"
                "    const $request$& request,\n"
                "    std::function<void(::absl::StatusOr<$response$>)> done) const {\n"
                "  client_.CallAsync<$response$>(\"$path$\", request, std::move(done));\n"
                "}\n");
}

void PrintClient(const ServiceDescriptor& service, Printer& printer) {
  printer.Print(
      "\n// Calls the skills of `$service$` from an actor; see core/actor/client.h.\n"
      "class $class$ {\n public:\n",
      "class", ClientOf(service), "service", service.full_name());
  printer.Indent();
  for (const char* const origin : {"CallContext& call", "ActorContext& actor"}) {
    const std::string parameter = origin;
    printer.Print(
        "explicit $class$(const ::paranet::actor::$origin$, ::paranet::actor::ClientOptions options = {})\n"
        "    : client_($name$, std::move(options)) {}\n",
        "class", ClientOf(service), "origin", origin, "name", parameter.substr(parameter.find(' ') + 1));
  }
  for (int m = 0; m < service.method_count(); ++m) {
    printer.Print("\n");
    PrintClientFunctions(*service.method(m), printer);
  }
  printer.Outdent();
  printer.Print("\n private:\n");
  printer.Indent();
  printer.Print("::paranet::actor::Client client_;\n");
  printer.Outdent();
  printer.Print("};\n");
}

void OpenNamespace(const FileDescriptor& file, Printer& printer) {
  if (file.package().empty()) return;
  printer.Print("namespace $name$ {\n\n", "name", absl::StrReplaceAll(file.package(), {{".", "::"}}));
}

void CloseNamespace(const FileDescriptor& file, Printer& printer) {
  if (file.package().empty()) return;
  printer.Print("\n}  // namespace $name$\n", "name", absl::StrReplaceAll(file.package(), {{".", "::"}}));
}

void PrintHeader(const FileDescriptor& file, Printer& printer) {
  std::string guard = absl::AsciiStrToUpper(StemOf(file));
  for (char& c : guard) {
    if (!absl::ascii_isalnum(c)) c = '_';
  }
  const Variables variables = {{"file", file.name()}, {"stem", StemOf(file)}, {"guard", guard + "_PARANET_H_"}};
  printer.Print(variables,
                "// Generated by protoc-gen-paranet from $file$. Do not edit.\n"
                "#ifndef $guard$\n"
                "#define $guard$\n"
                "\n"
                "#include <functional>\n"
                "#include <utility>\n"
                "\n"
                "#include \"absl/status/status.h\"\n"
                "#include \"absl/status/statusor.h\"\n"
                "#include \"absl/types/span.h\"\n"
                "#include \"core/actor/client.h\"\n"
                "#include \"core/actor/sdk.h\"\n"
                "#include \"$stem$.pb.h\"\n"
                "\n");
  OpenNamespace(file, printer);
  for (int s = 0; s < file.service_count(); ++s) {
    const ServiceDescriptor& service = *file.service(s);
    if (s > 0) printer.Print("\n");
    PrintComment(service, absl::StrCat(" Skill set `", service.full_name(), "`."), printer);
    printer.Print("class $class$ {\n public:\n", "class", ClassOf(service));
    printer.Indent();
    printer.Print("virtual ~$class$() = default;\n", "class", ClassOf(service));
    for (int m = 0; m < service.method_count(); ++m) {
      printer.Print("\n");
      PrintDeclaration(*service.method(m), printer);
    }
    printer.Print("\n// For ExportActor.\nstatic ::absl::Span<const ::paranet::actor::Method> $function$();\n",
                  "function", kMethodsFunction);
    printer.Outdent();
    printer.Print("};\n");
    PrintClient(service, printer);
  }
  CloseNamespace(file, printer);
  printer.Print(variables, "\n#endif  // $guard$\n");
}

void PrintSource(const FileDescriptor& file, Printer& printer) {
  printer.Print(
      "// Generated by protoc-gen-paranet from $file$. Do not edit.\n"
      "#include \"$stem$.paranet.h\"\n"
      "\n",
      "file", file.name(), "stem", StemOf(file));
  OpenNamespace(file, printer);
  for (int s = 0; s < file.service_count(); ++s) {
    const ServiceDescriptor& service = *file.service(s);
    if (s > 0) printer.Print("\n");
    printer.Print(
        "::absl::Span<const ::paranet::actor::Method> $class$::$function$() {\n"
        "  static constexpr ::paranet::actor::Method kMethods[] = {\n",
        "class", ClassOf(service), "function", kMethodsFunction);
    for (int m = 0; m < service.method_count(); ++m) {
      printer.Print("      ::paranet::actor::Handler<&$class$::$name$>::Bind(\"$path$\"),\n", "class", ClassOf(service),
                    "name", service.method(m)->name(), "path", PathOf(*service.method(m)));
    }
    printer.Print("  };\n  return kMethods;\n}\n");
  }
  CloseNamespace(file, printer);
}

}  // namespace

bool ActorGenerator::Generate(const FileDescriptor* file, const std::string& parameter,
                              google::protobuf::compiler::GeneratorContext* context, std::string* error) const {
  if (!parameter.empty()) {
    *error = absl::StrCat("protoc-gen-paranet takes no parameters, but was given \"", parameter, "\"");
    return false;
  }
  if (absl::Status status = Check(*file); !status.ok()) {
    *error = std::string(status.message());
    return false;
  }
  const std::unique_ptr<google::protobuf::io::ZeroCopyOutputStream> header(context->Open(StemOf(*file) + ".paranet.h"));
  Printer header_printer(header.get(), '$');
  PrintHeader(*file, header_printer);
  const std::unique_ptr<google::protobuf::io::ZeroCopyOutputStream> source(
      context->Open(StemOf(*file) + ".paranet.cc"));
  Printer source_printer(source.get(), '$');
  PrintSource(*file, source_printer);
  return true;
}

}  // namespace paranet
