"""Each kind of change to a contract: is it called breaking, an addition, or nothing at all?"""

import unittest

from google.protobuf import descriptor_pb2, text_format

from tests.contracts import compatibility

CONTRACT = """
file {
  name: "p.proto" package: "p" syntax: "proto3"
  message_type {
    name: "M"
    field { name: "id" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL json_name: "id" }
    field { name: "sizes" number: 2 type: TYPE_UINT32 label: LABEL_REPEATED json_name: "sizes" }
    field { name: "a" number: 3 type: TYPE_INT32 label: LABEL_OPTIONAL json_name: "a" oneof_index: 0 }
    field { name: "other" number: 4 type: TYPE_MESSAGE type_name: ".p.M.N" label: LABEL_OPTIONAL json_name: "other" }
    nested_type { name: "N" }
    enum_type { name: "E" value { name: "ZERO" number: 0 } value { name: "ONE" number: 1 } }
    oneof_decl { name: "choice" }
    reserved_range { start: 9 end: 11 }
    reserved_name: "old"
  }
  enum_type {
    name: "State"
    value { name: "NONE" number: 0 }
    value { name: "UP" number: 1 }
    reserved_range { start: 5 end: 5 }
  }
  service {
    name: "S"
    method { name: "Do" input_type: ".p.M" output_type: ".p.M" server_streaming: true }
    method { name: "See" input_type: ".p.M" output_type: ".p.M" }
  }
  extension {
    name: "mark" number: 50000 extendee: ".google.protobuf.MethodOptions"
    type: TYPE_BOOL label: LABEL_OPTIONAL json_name: "mark"
  }
}
"""


def contract():
    return text_format.Parse(CONTRACT, descriptor_pb2.FileDescriptorSet())


class CompatibilityTest(unittest.TestCase):
    def setUp(self):
        self.old = contract()
        self.new = contract()
        self.file = self.new.file[0]
        self.message = self.file.message_type[0]

    def assert_breaking(self, *sentences):
        self.assertEqual(compatibility.compare(self.old, self.new).breaking, list(sentences))

    def assert_only_addition(self, *sentences):
        self.assertEqual(compatibility.compare(self.old, self.new), compatibility.Comparison([], list(sentences)))

    # Nothing.

    def test_the_same_contract_changes_nothing(self):
        self.assert_only_addition()

    def test_the_order_of_declarations_does_not_matter(self):
        fields = sorted(self.message.field, key=lambda field: -field.number)
        del self.message.field[:]
        self.message.field.extend(fields)
        self.assert_only_addition()

    # Additions.

    def test_a_new_field_is_an_addition(self):
        self.message.field.add(name="new", number=5, type="TYPE_BOOL", label="LABEL_OPTIONAL", json_name="new")
        self.assert_only_addition("field p.M.5 is new")

    def test_a_new_member_of_a_oneof_is_an_addition(self):
        self.message.field.add(name="b", number=5, type="TYPE_BOOL", label="LABEL_OPTIONAL", oneof_index=0)
        self.assert_only_addition("field p.M.5 is new")

    def test_a_new_message_is_an_addition(self):
        self.file.message_type.add(name="New")
        self.assert_only_addition("message p.New is new")

    def test_a_new_enum_value_is_an_addition(self):
        self.file.enum_type[0].value.add(name="DOWN", number=2)
        self.assert_only_addition("enum value p.State.DOWN is new")

    def test_a_new_method_is_an_addition(self):
        self.file.service[0].method.add(name="New", input_type=".p.M", output_type=".p.M")
        self.assert_only_addition("method p.S.New is new")

    def test_a_new_file_is_an_addition(self):
        self.new.file.add(name="q.proto", package="q", syntax="proto3")
        self.assert_only_addition("file q.proto is new")

    def test_a_newly_reserved_number_is_an_addition(self):
        self.message.reserved_range.add(start=20, end=21)
        self.assert_only_addition("reserved number p.M.20 is new")

    # Fields.

    def test_a_removed_field_breaks(self):
        del self.message.field[0]
        self.assert_breaking("field p.M.1 (id) is gone")

    def test_a_removed_field_breaks_even_where_its_number_is_reserved(self):
        del self.message.field[0]
        self.message.reserved_range.add(start=1, end=2)
        self.assert_breaking("field p.M.1 (id) is gone")

    def test_a_renumbered_field_breaks(self):
        self.message.field[0].number = 7
        self.assert_breaking("field p.M.id: number changed from 1 to 7")

    def test_a_renamed_field_breaks(self):
        self.message.field[0].name = "key"
        self.assert_breaking("field p.M.1: name changed from 'id' to 'key'")

    def test_a_changed_json_name_breaks(self):
        self.message.field[0].json_name = "ID"
        self.assert_breaking("field p.M.1: JSON name changed from 'id' to 'ID'")

    def test_a_changed_type_breaks(self):
        self.message.field[0].type = descriptor_pb2.FieldDescriptorProto.TYPE_BYTES
        self.assert_breaking("field p.M.1: type changed from 'TYPE_STRING' to 'TYPE_BYTES'")

    def test_another_message_type_breaks(self):
        self.message.field[3].type_name = ".p.M"
        self.assert_breaking("field p.M.4: type changed from '.p.M.N' to '.p.M'")

    def test_a_changed_label_breaks(self):
        self.message.field[1].label = descriptor_pb2.FieldDescriptorProto.LABEL_OPTIONAL
        self.assert_breaking("field p.M.2: label changed from 'LABEL_REPEATED' to 'LABEL_OPTIONAL'")

    def test_a_field_that_leaves_its_oneof_breaks(self):
        self.message.field[2].ClearField("oneof_index")
        self.assert_breaking("field p.M.3: oneof changed from 'choice' to ''")

    def test_a_field_that_joins_a_oneof_breaks(self):
        self.message.field[0].oneof_index = 0
        self.assert_breaking("field p.M.1: oneof changed from '' to 'choice'")

    def test_changed_presence_breaks(self):
        self.message.field[0].proto3_optional = True
        self.assert_breaking("field p.M.1: presence changed from False to True")

    def test_changed_packing_breaks(self):
        self.message.field[1].options.packed = False
        self.assert_breaking("field p.M.2: packed changed from None to False")

    # Reserved numbers and names.

    def test_a_number_that_is_no_longer_reserved_breaks(self):
        self.message.reserved_range[0].end = 10
        self.assert_breaking("reserved number p.M.10 is gone")

    def test_a_name_that_is_no_longer_reserved_breaks(self):
        del self.message.reserved_name[:]
        self.assert_breaking("reserved name p.M.old is gone")

    def test_an_enum_number_that_is_no_longer_reserved_breaks(self):
        del self.file.enum_type[0].reserved_range[:]
        self.assert_breaking("reserved number p.State.5 is gone")

    # Messages and enums.

    def test_a_removed_message_breaks(self):
        del self.message.nested_type[:]
        self.assert_breaking("message p.M.N is gone")

    def test_a_removed_enum_breaks_with_its_values(self):
        del self.file.enum_type[:]
        self.assert_breaking(
            "enum p.State is gone",
            "enum value p.State.NONE is gone",
            "enum value p.State.UP is gone",
            "reserved number p.State.5 is gone",
        )

    def test_a_removed_enum_value_breaks(self):
        del self.message.enum_type[0].value[1]
        self.assert_breaking("enum value p.M.E.ONE is gone")

    def test_a_renumbered_enum_value_breaks(self):
        self.file.enum_type[0].value[1].number = 3
        self.assert_breaking("enum value p.State.UP: number changed from 1 to 3")

    # Services.

    def test_a_removed_service_breaks_with_its_methods(self):
        del self.file.service[:]
        self.assert_breaking("method p.S.Do is gone", "method p.S.See is gone", "service p.S is gone")

    def test_a_removed_method_breaks(self):
        del self.file.service[0].method[1]
        self.assert_breaking("method p.S.See is gone")

    def test_a_changed_request_type_breaks(self):
        self.file.service[0].method[0].input_type = ".p.M.N"
        self.assert_breaking("method p.S.Do: request changed from '.p.M' to '.p.M.N'")

    def test_a_changed_response_type_breaks(self):
        self.file.service[0].method[0].output_type = ".p.M.N"
        self.assert_breaking("method p.S.Do: response changed from '.p.M' to '.p.M.N'")

    def test_a_changed_shape_breaks(self):
        self.file.service[0].method[0].server_streaming = False
        self.file.service[0].method[1].client_streaming = True
        self.assert_breaking(
            "method p.S.Do: server streaming changed from True to False",
            "method p.S.See: client streaming changed from False to True",
        )

    # Files and extensions.

    def test_a_removed_file_breaks(self):
        self.new.file.add(name="q.proto", package="q", syntax="proto3")
        self.old, self.new = self.new, self.old
        self.assert_breaking("file q.proto is gone")

    def test_a_changed_package_breaks_everything_in_it(self):
        self.file.package = "r"
        breaking = compatibility.compare(self.old, self.new).breaking
        self.assertIn("file p.proto: package changed from 'p' to 'r'", breaking)
        self.assertIn("message p.M is gone", breaking)

    def test_a_changed_option_number_breaks(self):
        self.file.extension[0].number = 50001
        self.assert_breaking("extension p.mark: number changed from 50000 to 50001")

    def test_an_option_of_another_kind_of_element_breaks(self):
        self.file.extension[0].extendee = ".google.protobuf.ServiceOptions"
        self.assert_breaking(
            "extension p.mark: extendee changed from '.google.protobuf.MethodOptions' to '.google.protobuf.ServiceOptions'"
        )

    def test_a_removed_option_breaks(self):
        del self.file.extension[:]
        self.assert_breaking("extension p.mark is gone")


if __name__ == "__main__":
    unittest.main()
