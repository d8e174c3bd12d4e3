"""What must stay true of the project as a whole: rules, lexicons, cases and modules that fit together."""

from __future__ import annotations

import ast
import dataclasses
import string
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from loaders import CASES, load_cases, params, run_case, the_notice

import checker
from checker import rules
from checker.document import LIST_KINDS, PAPER_KINDS, Document
from checker.language import lexicon
from checker.language.expressions import misquotes, parse_table
from checker.language.lexicon import PlainText
from checker.notice import Rule
from checker.readers import READERS, read, reader_for
from checker.readers.sniff import FORMAT_NAMES
from checker.render import FORMATS, renderer
from checker.rules import PENDING
from checker.rules.base import Hit

PACKAGE = Path(checker.__file__).parent
REQUIREMENTS: Mapping[str, Any] = load_cases("requirements.yml")
RULES = [pytest.param(rule, id=rule.id) for rule in the_notice().rules]
LEXICONS = [*lexicon.shipped()]
TABLES = ("phrases/fixed-expressions", "phrases/misquoted")


def rule_of(rule_id: str) -> Rule:
    rule = the_notice().rule(rule_id)
    assert rule is not None, f"{rule_id} is not in the notice"
    return rule


# ── rules and requirements ────────────────────────────────────────────


def test_every_requirement_is_a_rule_and_every_rule_a_requirement() -> None:
    """The notice holds exactly the rules that REQUIREMENTS lists."""
    assert {rule.id for rule in the_notice().rules} == set(REQUIREMENTS)


@pytest.mark.parametrize("rule_id", REQUIREMENTS)
def test_requirement(rule_id: str) -> None:
    """A rule has the papers, clause, flag, limit and severities that REQUIREMENTS gives it."""
    wanted, rule = REQUIREMENTS[rule_id], rule_of(rule_id)
    assert (rule.kind.name == PENDING) == wanted.get("pending", False)
    for case, severity in wanted.get("severity", {}).items():
        assert (case, rule.wording(case).severity) == (case, severity)
    if "applies_to" in wanted:
        assert list(rule.applies_to) == wanted["applies_to"]
    if "clause" in wanted:
        assert rule.clause == wanted["clause"]
    assert rule.only_for == wanted.get("only_for", "")
    if "max" in wanted:
        assert rule.params.max == wanted["max"]


@pytest.mark.parametrize("rule_id", [name for name, wanted in REQUIREMENTS.items() if "topics" in wanted])
def test_topics_of_a_rule(rule_id: str) -> None:
    """A rule goes through exactly the topics that REQUIREMENTS marks for it."""
    asked = [item.id for item in rule_of(rule_id).params.topics]
    assert len(asked) == len(set(asked))
    assert sorted(asked) == sorted(REQUIREMENTS[rule_id]["topics"])


def test_topics_of_a_report_stand_under_their_facet() -> None:
    """Each topic of a cadre's report is asked for under the facet that the notice gives it."""
    items = rule_of("report-topics").params.topics
    under = {letter: sorted(item.id for item in items if item.under == letter) for letter in "德能勤绩廉"}
    assert under == {letter: sorted(ids) for letter, ids in REQUIREMENTS["report-topics"]["under"].items()}
    assert sum(map(len, under.values())) == len(items)


@pytest.mark.parametrize("rule_id", ["summary-facets", "report-facets"])
def test_facets_of_a_rule(rule_id: str) -> None:
    """The five facets stand in the order of the notice."""
    assert [facet.id for facet in rule_of(rule_id).params.facets] == REQUIREMENTS[rule_id]["facets"]


def test_lists_and_strategies() -> None:
    """All four lists are asked for, and the four strategies are those of the notice, in its order."""
    assert rule_of("lists-present").params.kinds == LIST_KINDS
    assert rule_of("summary-four-strategies").params.members == ("产业强市", "生态立市", "创新兴市", "开放活市")


def test_topic_names_agree() -> None:
    """A topic bears the same name in every rule for everybody, but for the verb that the notice puts before it."""
    names: dict[str, set[str]] = {}
    for rule in the_notice().rules:
        if rule.kind.covers == "topics" and not rule.only_for:
            for item in rule.params.topics:
                names.setdefault(item.id, set()).add(
                    item.name.translate(dict.fromkeys(map(ord, "抓基层履行落实制工作")))
                )
    assert {topic: wordings for topic, wordings in names.items() if len(wordings) > 1} == {}


@pytest.mark.parametrize("rule", RULES)
def test_examples(rule: Rule) -> None:
    """Every rule has a bad and a good example (that they hold is shown by loading the notice)."""
    if rule.kind.name == PENDING:
        assert rule.examples is None
        return
    assert rule.examples is not None
    assert rule.examples.bad.strip()
    assert rule.examples.good.strip()
    assert rule.examples.bad != rule.examples.good


@pytest.mark.parametrize("rule", RULES)
def test_wording(rule: Rule) -> None:
    """What people read is a Chinese sentence with a full stop, and cites the notice as the notice numbers itself."""
    for wording in rule.wordings.values():
        for sentence in (wording.message, wording.suggestion):
            assert sentence.endswith("。")
            assert any("\u4e00" <= character <= "\u9fff" for character in sentence)
    assert rule.clause[0] in "一二三四"
    assert rule.name


@pytest.mark.parametrize("kind", rules.KINDS)
def test_every_fact_that_a_message_may_name_is_given(kind: str) -> None:
    """Each hit over the case files carries every fact that the table of kinds promises to messages."""
    for hit in hits_of_cases(kind):
        promised = set(rules.KINDS[kind].cases[hit.case])
        assert promised <= set(hit.facts), (hit.case, promised - set(hit.facts))


@pytest.mark.parametrize("rule", RULES)
def test_every_placeholder_of_a_message_is_promised(rule: Rule) -> None:
    """Each {name} in a message is a fact of its case or a plain parameter of the rule."""
    settings = {field.name for field in dataclasses.fields(rule.params)}
    for case, wording in rule.wordings.items():
        known = settings | set(rule.kind.cases[case])
        for template in (wording.message, wording.suggestion):
            assert {name for _, name, _, _ in string.Formatter().parse(template) if name} <= known


@cache
def hits_of_cases(kind: str) -> tuple[Hit, ...]:
    """All hits of a kind over its case file."""
    found: list[Hit] = []
    for case in load_cases(f"rules/{kind}.yml").values():
        found.extend(run_case(kind, case)[1])
    return tuple(found)


# ── cases ─────────────────────────────────────────────────────────────


def test_every_kind_has_a_case_file() -> None:
    """Each kind of rule has cases, and each case file a kind."""
    assert {path.stem for path in (CASES / "rules").glob("*.yml")} == set(rules.KINDS)


@pytest.mark.parametrize("kind", rules.KINDS)
def test_every_kind_has_silent_cases_and_a_manual(kind: str) -> None:
    """A kind is shown silent as well as speaking, and its page for users says what it is in Chinese."""
    cases = load_cases(f"rules/{kind}.yml").values()
    texts = [[entry["text"] for entry in case.get("documents", [case])] for case in cases]
    speaking = ["«" in "".join(text) or bool(case.get("absent")) for text, case in zip(texts, cases, strict=True)]
    assert not all(speaking)
    assert any(speaking) or kind == PENDING
    assert rules.KINDS[kind].manual.startswith(f"{kind}：")


@pytest.mark.parametrize("kind", rules.KINDS)
def test_every_case_of_a_kind_is_shown(kind: str) -> None:
    """Each situation that a notice may word apart is produced by the case file of its kind."""
    assert {hit.case for hit in hits_of_cases(kind)} == set(rules.KINDS[kind].cases)


# ── lexicons ──────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", LEXICONS)
def test_lexicon_is_well_formed(name: str) -> None:
    """A lexicon is not empty, repeats nothing, and holds no blanks or quotes that the text it meets has lost."""
    found = lexicon.load(name)
    assert found is not None
    entries = lexicon_lines(name)
    assert found.terms
    assert len(entries) == len(set(entries)), sorted(entry for entry in entries if entries.count(entry) > 1)
    assert not set(found.terms) & set(found.false_friends)
    for entry in entries:
        assert entry not in ("!", "！")
        assert not entry.startswith("！"), f"{entry}: a false friend begins with a half-width !"
        assert entry == "".join(entry.split()) or entry == "lorem ipsum"
        # 「“1+N”」 could never be found: quotes are taken out before terms are looked up.
        assert not set(entry) & set("“”‘’「」『』\"'"), entry


def lexicon_lines(name: str) -> list[str]:
    text = (Path(str(lexicon._root())) / f"{name}.txt").read_text("utf-8")
    assert not text.startswith("\ufeff")
    lines = [line.strip() for line in text.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def test_every_lexicon_is_used() -> None:
    """What ships is looked up by a rule of the notice, by a kind, or by the recognition of papers."""
    used = {name for rule in the_notice().rules for name in rules.lexicons(rule.kind, rule.params)}
    used |= {f"papers/{kind}" for kind in PAPER_KINDS} | {"papers/lists-cover"}
    used |= {f"papers/{kind}-short" for kind in LIST_KINDS}
    assert set(LEXICONS) - used == set()


def test_every_paper_kind_has_titles() -> None:
    """Each kind of paper but `other` can be told by a title; no title means two kinds."""
    owners: dict[str, str] = {}
    for kind in PAPER_KINDS:
        found = lexicon.load(f"papers/{kind}")
        assert (found is None) == (kind == "other")
        for title in found.terms if found else ():
            assert owners.setdefault(title, kind) == kind, f"{title}: {owners[title]} and {kind}"


def test_tables_of_phrases_hold() -> None:
    """Each set phrase has at least two members; what is called right is never found wrong."""
    table = lexicon.load(TABLES[0])
    assert table is not None
    expressions = list(parse_table(table.terms))
    assert len({expression.name for expression in expressions}) == len(expressions)
    for expression in expressions:
        assert len(expression.members) >= 2
        assert len(set(expression.members)) == len(expression.members)
        for sentence in (
            f"{expression.name}（{expression.wording}）。",
            f"{expression.wording}“{expression.name}”。",
        ):
            found = misquotes(PlainText(text_document(sentence)), expression)
            assert list(found) == [], sentence


def test_no_right_phrase_is_called_wrong() -> None:
    """A misquotation is not part of its own correction, of another one, or of a set phrase and its members."""
    table, phrases = lexicon.load(TABLES[1]), lexicon.load(TABLES[0])
    assert table is not None and phrases is not None
    pairs = [line.split("→") for line in table.terms]
    assert all(len(pair) == 2 and all(part.strip() for part in pair) for pair in pairs)
    rights = [right for _, right in pairs]
    rights += [expression.wording for expression in parse_table(phrases.terms)]
    rights += [expression.name for expression in parse_table(phrases.terms)]
    for wrong, _ in pairs:
        assert not any(wrong in right for right in rights), wrong


def text_document(text: str) -> Document:
    return read("a.txt", text.encode())


# ── modules ───────────────────────────────────────────────────────────

# A layer may use those before it. `readers` and `render` are leaves: rules and language must not know them.
FORBIDDEN = {
    "document": ("checker.",),
    "report": ("checker.language", "checker.rules", "checker.readers", "checker.render", "checker.engine",
               "checker.commands", "checker.submission", "checker.papers"),
    "roster": ("checker.",),
    "dues": ("checker.language", "checker.report", "checker.rules", "checker.readers", "checker.render",
             "checker.engine", "checker.commands", "checker.notice", "checker.submission", "checker.papers",
             "checker.screening"),
    "language": ("checker.rules", "checker.readers", "checker.render", "checker.engine", "checker.commands",
                 "checker.notice", "checker.submission", "checker.papers"),
    "rules": ("checker.readers", "checker.render", "checker.engine", "checker.commands", "checker.notice",
              "checker.submission", "checker.papers"),
    "readers": ("checker.rules", "checker.render", "checker.engine", "checker.commands", "checker.notice",
                "checker.language", "checker.submission", "checker.papers", "checker.report"),
    "render": ("checker.engine", "checker.commands", "checker.submission", "checker.papers"),
    "papers": ("checker.rules", "checker.readers", "checker.render", "checker.engine", "checker.commands",
               "checker.notice"),
    "decisions": ("checker.rules", "checker.render", "checker.engine", "checker.commands", "checker.submission"),
    "engine": ("checker.render", "checker.commands", "checker.submission"),
    "submission": ("checker.rules", "checker.render", "checker.commands", "checker.engine"),
    "notice": ("checker.readers", "checker.render", "checker.commands", "checker.submission"),
}  # fmt: skip


def imports(path: Path) -> Iterator[str]:
    """The modules that a file imports when it is loaded; those inside functions or for type checkers do not count."""
    tree = ast.parse(path.read_text("utf-8"))
    for node in at_load(tree.body):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def at_load(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        yield node
        if isinstance(node, ast.Try):
            yield from at_load([*node.body, *(stmt for handler in node.handlers for stmt in handler.body)])
        elif isinstance(node, ast.If) and "TYPE_CHECKING" not in ast.dump(node.test):
            yield from at_load([*node.body, *node.orelse])


@pytest.mark.parametrize("layer", FORBIDDEN)
def test_dependencies_point_one_way(layer: str) -> None:
    """No module of a layer imports, when it is loaded, from a layer that builds on it."""
    place = PACKAGE / layer
    files = [place.with_suffix(".py")] if place.with_suffix(".py").is_file() else sorted(place.glob("*.py"))
    assert files
    for file in files:
        for name in imports(file):
            assert not name.startswith(FORBIDDEN[layer]), f"{file.name} imports {name}"


HEAVY = (
    "spacy", "sklearn", "scipy", "pandas", "numpy", "jieba", "docx", "jinja2", "pdfplumber", "rapidocr", "cv2", "PIL",
    "python_calamine", "xlrd", "openpyxl",
)  # fmt: skip


def test_a_plain_check_imports_nothing_heavy(tmp_path: Path) -> None:
    """`kaohe check x.docx` loads no package that only other outputs or other work need."""
    paper = next((CASES.parent.parent / "corpus_samples").glob("*/*.docx"))
    code = (
        "import sys\n"
        "from checker.commands import run\n"
        f"code = run(['check', {str(paper)!r}, '--fail-on', 'never'])\n"
        f"heavy = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "print('heavy', heavy, 'code', code, file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", cwd=tmp_path, check=True
    )
    assert done.stderr.strip().endswith("heavy [] code 0")


def test_case_files_are_read() -> None:
    """Every YAML file directly under tests/cases is named by some test module."""
    modules = "".join(path.read_text("utf-8") for path in CASES.parent.glob("*.py"))
    assert [path.name for path in CASES.glob("*.yml") if path.name not in modules] == []
    assert all(yaml.safe_load(path.read_text("utf-8")) for path in CASES.glob("*.yml"))


@pytest.mark.parametrize("case", params("requirements.yml"))
def test_requirements_are_data(case: Mapping[str, Any]) -> None:
    """A row of requirements.yml says something of its rule: severities, or that it is pending."""
    assert case.get("severity") or case.get("pending")


@pytest.mark.parametrize("found", sorted(READERS))
def test_every_format_has_its_reader(found: str) -> None:
    """The table of formats names functions that are there, and formats that `sniff` knows."""
    assert callable(reader_for(found))
    assert found in FORMAT_NAMES


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in ("docx", "pdf")])
def test_our_own_reports_are_no_papers(name: str, tmp_path: Path) -> None:
    """A folder that an earlier check wrote its reports into holds the same papers as before."""
    paper = tmp_path / "工作总结.txt"
    paper.write_text("示例局领导班子2020年度工作总结\n修路三条。", "utf-8")
    report = checker.check(tmp_path)
    for rendered in renderer(name)(report, None):
        (tmp_path / rendered.name).write_bytes(rendered.data)
    assert [document.path for document in checker.check(tmp_path).submission.documents] == [str(paper)]
