"""Every invariant of the architecture has a test that can fail. This table says which; the test below holds it true.

0  Nothing is silently ignored.
   tests/house/test_nothing_is_ignored.py::test_an_unknown_key_anywhere_is_a_problem
   tests/house/test_nothing_is_ignored.py::test_a_plug_in_is_held_to_its_declaration
   tests/schemas/test_check.py::test_no_misspelt_config_is_accepted
   tests/schemas/test_check_overrides.py::test_an_unknown_key_in_an_override_is_refused
1  One declaration per parameter.
   tests/house/test_declarations.py::test_the_declared_parameters_are_the_arguments_of_the_build
   tests/house/test_declarations.py::test_parameters_stand_beside_the_code_or_the_name
   tests/house/test_declarations.py::test_a_default_in_code_is_the_declared_one
   tests/house/test_declarations.py::test_one_name_has_one_type_and_one_unit_everywhere
   tests/house/test_declarations.py::test_a_file_has_one_name
   tests/house/test_declarations.py::test_the_vocabulary_holds_exactly_what_is_declared
   tests/schemas/test_schema_agreement.py::test_checker_and_schema_agree_on_every_mutation
2  One checker.
   tests/house/test_one_checker.py::test_all_three_say_the_same
   tests/house/test_one_checker.py::test_a_plug_in_is_known_to_the_command_line_and_the_api_alike
   tests/schemas/test_check_any_text.py::test_no_text_raises
3  Torch-free editor.
   tests/house/test_rooms.py::test_an_editor_can_import_all_it_may_and_check_a_config_without_a_tensor
   tests/house/test_rooms.py::test_light_paths_load_nothing_heavy
4  One event stream.
   tests/house/test_event_stream.py::test_unknown_kinds_and_fields_are_refused_and_write_nothing
   tests/house/test_event_stream.py::test_numbers_that_are_not_finite_are_words_at_any_depth
   tests/house/test_event_stream.py::test_a_torn_line_is_left_out_by_readers_and_cut_off_by_the_next_writer
   tests/house/test_event_stream.py::test_every_event_has_all_fields_of_its_kind
   tests/runtime/kernels/test_local.py::test_ctrl_c_asks_first_and_following_goes_on_where_it_stopped
   tests/e2e/test_train.py::test_the_event_stream_is_numbered_without_a_gap_and_of_known_kinds
5  The config does not travel.
   tests/house/test_rooms.py::test_the_import_contracts_hold
6  The same transform in training and serving.
   tests/e2e/test_train.py::test_serving_uses_the_transform_of_training
   tests/runtime/data/test_data_chain.py::test_serving_encodes_as_training_did
   tests/runtime/data/test_data_chain.py::test_the_fit_sees_the_training_rows_only
   tests/runtime/data/test_number_feature.py::test_merging_the_chunks_equals_the_whole
   tests/runtime/data/test_label_features.py::test_merging_counts_equals_counting_the_whole
   tests/runtime/data/test_text_feature.py::test_merging_the_chunks_equals_the_whole
7  Same plan, same bytes.
   tests/e2e/test_train.py::test_reproduce_retrains_to_identical_weights
   tests/e2e/test_interruptions.py::test_a_run_killed_at_any_moment_resumes_to_identical_weights
   tests/runtime/training/test_resume.py::test_a_run_killed_at_any_moment_ends_with_the_same_bits
   tests/runtime/training/test_resume.py::test_neither_news_nor_checkpoints_change_a_bit
8  Nothing half-written is ever read.
   tests/house/test_whole_files.py::test_a_failed_write_leaves_the_old_file_and_nothing_else
   tests/house/test_whole_files.py::test_readers_beside_a_writer_and_after_its_death_see_whole_files
   tests/house/test_whole_files.py::test_only_the_listed_files_write_in_place
   tests/runtime/data/test_data_cache.py::test_a_damaged_entry_counts_as_absent_and_is_made_again
   tests/runtime/data/test_data_cache.py::test_two_writers_of_one_entry_both_get_a_whole_one
   tests/runtime/training/test_tensor_file.py::test_every_changed_byte_is_noticed
9  Every declared parameter acts.
   tests/runtime/components/test_contract.py::test_every_parameter_acts
   tests/runtime/components/test_contract_declarations.py::test_values_out_of_range_are_refused_by_name
   tests/runtime/test_losses.py::test_every_declared_parameter_acts
   tests/runtime/test_metrics.py::test_every_declared_parameter_acts
   tests/runtime/test_optimizers.py::test_every_declared_parameter_acts_and_defaults_agree
   tests/house/test_parameters_act.py::test_every_preprocessing_parameter_acts
   tests/house/test_parameters_act.py::test_what_an_output_says_of_its_predictions_acts
   tests/house/test_parameters_act.py::test_every_parameter_of_a_split_acts
   tests/house/test_parameters_act.py::test_every_parameter_of_a_schedule_acts
   tests/house/test_parameters_act.py::test_every_parameter_of_a_section_is_read
   tests/house/test_parameters_act.py::test_values_out_of_range_are_refused_by_name
10 The generated files are fresh.
   tests/house/test_generated_files.py::test_the_committed_schemas_are_what_the_components_declare
   tests/house/test_generated_files.py::test_a_changed_and_an_absent_file_are_told_with_a_diff
   tests/house/test_generated_files.py::test_no_other_generated_file_is_committed
11 No junk drawers.
   tests/house/test_rooms.py::test_the_import_contracts_hold
   tests/house/test_rooms.py::test_each_file_says_what_it_is_and_is_no_junk_drawer
   tests/house/test_rooms.py::test_the_list_of_long_files_only_shrinks
   tests/house/test_rooms.py::test_complexity_only_falls
   tests/house/test_rooms.py::test_the_top_level_holds_only_what_belongs_there
"""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INVARIANTS = 12


def table() -> dict[int, list[tuple[str, str]]]:
    """Return by invariant the file and name of each test that the docstring names."""
    answer: dict[int, list[tuple[str, str]]] = {}
    number = -1
    for line in (__doc__ or "").splitlines():
        if heading := re.match(r"(\d+) +[A-Z]", line):
            number = int(heading[1])
            answer[number] = []
        elif "::" in line:
            file, _, name = line.strip().partition("::")
            answer[number].append((file, name))
    return answer


PROOFS = [(number, file, name) for number, tests in table().items() for file, name in tests]


def test_every_invariant_has_its_tests() -> None:
    assert list(table()) == list(range(INVARIANTS))
    assert all(table().values())


@pytest.mark.parametrize(("number", "file", "name"), PROOFS, ids=[f"{number}-{name}" for number, _, name in PROOFS])
def test_the_named_test_is_there_and_runs(number: int, file: str, name: str) -> None:
    path = ROOT / file
    assert path.is_file(), f"invariant {number} is proved by {file}, which is gone"
    functions = {each.name: each for each in ast.parse(path.read_text()).body if isinstance(each, ast.FunctionDef)}
    assert name in functions, f"invariant {number} is proved by {name}, which is not in {file}"
    marks = [ast.unparse(each) for each in functions[name].decorator_list]
    assert not [each for each in marks if "skip" in each or "xfail" in each], f"{name} must run"
    assert [each for each in ast.walk(functions[name]) if isinstance(each, ast.Assert | ast.With)], (
        f"{name} must be able to fail"
    )


def test_every_file_of_the_house_proves_something() -> None:
    named = {Path(file).name for _, file, _ in PROOFS}
    files = {each.name for each in Path(__file__).parent.glob("test_*.py")}
    assert files - named == {Path(__file__).name}


def test_the_import_contracts_list_every_room() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts = settings["tool"]["importlinter"]["contracts"]
    layers = {each["containers"][0]: each for each in contracts if each["type"] == "layers"}
    packages = {Path(each).name for each in settings["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]}
    assert set(settings["tool"]["importlinter"]["root_packages"]) == packages
    assert {"declml", "declml_schema"} <= layers.keys()
    assert all(each["exhaustive"] for each in layers.values())
