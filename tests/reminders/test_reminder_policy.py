"""A policy's mistakes are told with file, line and a guess; templates are tried before anybody is written to."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cartera.errors import ConfigError
from cartera.reminders.policies import find_policy, load_policy
from cartera.reminders.render import Templates
from cartera.settings import PACKAGE_DIR

PROJECT = PACKAGE_DIR.parent
GOOD = """\
name: test
steps:
  - name: first
    offset_days: 1
    template: overdue
creditor:
  name: Acreedor
  contact_name: Cobranzas
  email: cobranzas@acreedor.pe
"""


def problem(tmp_path: Path, text: str) -> str:
    path = tmp_path / "policy.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_policy(path)
    assert caught.value.exit_status == 2
    return str(caught.value)


def test_the_default_policy_and_its_templates_are_good() -> None:
    policy = find_policy(PROJECT / "policies")
    Templates(PROJECT / "templates").check(policy)
    assert [step.offset_days for step in policy.steps] == [-3, 1, 8, 20, 45]


@pytest.mark.parametrize(
    ("wrong", "right", "said"),
    [
        ("offset_days", "ofset_days", ("policy.yaml:4: steps.0.ofset_days", "did you mean offset_days?")),
        ("offset_days: 1", "offset_days: soon", ("policy.yaml:4: steps.0.offset_days", "'soon'")),
        ("offset_days: 1", "offset_days: 1.5", ("policy.yaml:4: steps.0.offset_days",)),
        ("template: overdue", "template: overdue\n    tone: angry", ("policy.yaml:6: steps.0.tone", "courteous")),
        ("template: overdue", "template: ../secret", ("policy.yaml:5: steps.0.template",)),
        ("contact_name", "contactname", ("policy.yaml:8: creditor.contactname", "did you mean contact_name?")),
        ("email: cobranzas@acreedor.pe", 'email: "a@b.pe\\nBcc: x@y.pe"', ("policy.yaml:9: creditor.email",)),
        ("name: Acreedor", 'name: "A\\r\\nBcc: x@y.pe"', ("policy.yaml:7: creditor.name",)),
        ("name: test", "name: test\nminimum_amount: {PNE: 5}", ("policy.yaml:2: minimum_amount", "PNE", "PEN?")),
        ("name: test", "name: test\nminimum_amount: {PEN: -5}", ("policy.yaml:2: minimum_amount", "-5")),
        ("name: test", "name: test\napproval: never", ("policy.yaml:2: approval", "required")),
        (
            "name: test",
            "name: test\napproval: {automatic_bellow: 3}",
            ("policy.yaml:2", "did you mean automatic_below?"),
        ),
        ("name: test", "name: test\nname: again", ("policy.yaml:2: 'name' is written twice",)),
        ("  - name: first", "  - name: first\n    offset_days: 2", ("policy.yaml:5: 'offset_days' is written twice",)),
        ("name: test", "name: [", ("policy.yaml:3: not YAML",)),
        pytest.param("test", "[" * 100_000, ("policy.yaml:1: more than 100 levels",), id="brackets"),
        pytest.param("test", "\n  " + "- " * 100_000, ("policy.yaml:2: more than 100 levels",), id="dashes"),
        ("steps:", "steps: []\nstps:", ("policy.yaml:3: stps", "did you mean steps?")),
    ],
)
def test_each_mistake_has_its_line(tmp_path: Path, wrong: str, right: str, said: tuple[str, ...]) -> None:
    message = problem(tmp_path, GOOD.replace(wrong, right, 1))
    assert all(part in message for part in said), message


def test_two_steps_on_one_day_are_refused(tmp_path: Path) -> None:
    second = "  - {name: other, offset_days: 1, template: overdue}\ncreditor:"
    assert "offset_days 1 is used twice" in problem(tmp_path, GOOD.replace("creditor:", second))


def test_a_policy_that_does_not_exist_names_those_that_do() -> None:
    with pytest.raises(ConfigError, match="known are: default"):
        find_policy(PROJECT / "policies", "defualt")


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    shutil.copytree(PROJECT / "templates", tmp_path / "templates")
    return tmp_path / "templates" / "email"


def refused(templates: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        Templates(templates.parent).check(find_policy(PROJECT / "policies"))
    return str(caught.value)


def test_a_missing_language_is_told(templates: Path) -> None:
    (templates / "overdue.pt.j2").unlink()
    message = refused(templates)
    assert "overdue.pt.j2: there is no such template" in message and "es, en, pt" in message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ custmer.name }}", "overdue.es.j2:4: unknown variable custmer"),
        ("{{ customer.nmae }}", "overdue.es.j2:4: 'dict object' has no attribute 'nmae'"),
        ("{% if %}", "overdue.es.j2:4: Expected an expression"),
        ("{{ ''.__class__.__mro__ }}", "unsafe"),
        ("{{ customer.update({'name': 'x'}) }}", "unsafe"),
        ("{% include '../../pyproject.toml' %}", "there is no such file"),
        ("{{ 1 / 0 }}", "overdue.es.j2:4: division by zero"),
    ],
)
def test_a_template_that_can_not_work_is_refused(templates: Path, text: str, said: str) -> None:
    path = templates / "overdue.es.j2"
    lines = path.read_text().splitlines()
    lines[3] = text
    path.write_text("\n".join(lines))
    assert said in refused(templates)


def test_a_block_left_out_is_told(templates: Path) -> None:
    path = templates / "overdue.es.j2"
    path.write_text(path.read_text().replace("block subject", "block subjet"))
    assert "block subject is missing" in refused(templates)


def test_a_word_left_out_is_told(templates: Path) -> None:
    path = templates.parent / "words.en.yaml"
    path.write_text(path.read_text().replace("net: ", "nett: "))
    assert "did you mean net?" in refused(templates)
