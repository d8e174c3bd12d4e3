"""The notice as data: which rules hold, for which papers, with which limits and words. Loading is strict.

A notice is one YAML file. `extends:` takes all rules of another notice (one level), a rule with the same id overrides
the keys it gives, `disable:` leaves rules out. Anything unknown, missing or contradictory, and a rule that misses its
own bad example, stops the loading with file:line and a sentence.
"""

from __future__ import annotations

import dataclasses
import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, Literal, get_args, get_type_hints

import yaml

from checker import rules, verified
from checker.document import FLAGS, PAPER_KINDS
from checker.errors import NoticeError
from checker.language import lexicon
from checker.language.lexicon import Lexicons
from checker.report import SEVERITIES, Severity
from checker.roster import Entry
from checker.rules.base import Kind
from checker.typed import TypedError, convert


@dataclass(frozen=True, slots=True)
class Wording:
    """How one case of a rule is told: its severity, what is wrong, what to do."""

    severity: Severity
    message: str
    suggestion: str = ""


@dataclass(frozen=True, slots=True)
class Examples:
    """A text that the rule must find fault with and one that it must leave alone; `params` replace the rule's own.

    `against` is the text of a paper to compare both with; empty for rules that compare nothing. `roster` is the roster
    that holds for both, which are then the papers of its first unit; `grades` are ratios as in `Submission`.
    """

    bad: str
    good: str
    params: Any
    against: str = ""
    roster: tuple[Entry, ...] = ()
    grades: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a notice. `only_for` names the flag a person must carry; `params` is the kind's own dataclass."""

    id: str
    name: str
    kind: Kind
    clause: str
    applies_to: tuple[str, ...]
    only_for: str
    wordings: Mapping[str, Wording]
    params: Any
    examples: Examples | None
    line: int

    @property
    def severity(self) -> Severity:
        """The gravest severity among the cases."""
        found = {wording.severity for wording in self.wordings.values()}
        return next((severity for severity in SEVERITIES if severity in found), "info")

    def wording(self, case: str) -> Wording:
        """The wording of one case."""
        return self.wordings[case]


@dataclass(frozen=True, slots=True, eq=False)
class Notice:
    """An official notice with its rules, and the lexicons they look up; `digest` changes with any of them."""

    id: str
    title: str
    number: str
    year: int
    rules: tuple[Rule, ...]
    lexicons: Lexicons
    digest: str = ""
    _of_kind: dict[str, Lexicons] = field(default_factory=dict)

    def lexicons_for(self, kind: str) -> Lexicons:
        """The lexicons that the rules for one kind of paper look up."""
        if kind not in self._of_kind:
            fitting = [rule for rule in self.rules if kind in rule.applies_to]
            wanted = (lexicon_id for rule in fitting for lexicon_id in rules.lexicons(rule.kind, rule.params))
            self._of_kind[kind] = self.lexicons.only(wanted)
        return self._of_kind[kind]

    def rule(self, rule_id: str) -> Rule | None:
        """The rule of that id, or None."""
        return next((rule for rule in self.rules if rule.id == rule_id), None)


class _Source:
    """One YAML file: its data, and on which line each value stands."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.lines: dict[tuple[object, ...], int] = {}
        try:
            loader = yaml.CSafeLoader(text)
        except yaml.YAMLError as error:
            raise self._syntax(error) from error
        try:
            node = loader.get_single_node()
            self.data = self._build(node, (), loader, frozenset()) if node is not None else None
        except yaml.YAMLError as error:
            raise self._syntax(error) from error
        finally:
            loader.dispose()

    def _syntax(self, error: yaml.YAMLError) -> NoticeError:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        return NoticeError(f"{self.name}:{line}: 不合 YAML 的写法，请检查缩进、冒号、引号和括号")

    def _build(
        self, node: yaml.Node, path: tuple[object, ...], loader: yaml.CSafeLoader, around: frozenset[int]
    ) -> Any:
        """The data of `node`; `around` are the nodes it stands in, which an alias must not lead back to."""
        self.lines[path] = node.start_mark.line + 1
        if id(node) in around:
            raise self.error(path, "内容引用了自己")
        around |= {id(node)}
        if isinstance(node, yaml.MappingNode):
            return self._build_mapping(node, path, loader, around)
        if isinstance(node, yaml.SequenceNode):
            return [self._build(item, (*path, index), loader, around) for index, item in enumerate(node.value)]
        try:
            return loader.construct_object(node)
        except ValueError as error:  # 2020-13-45 looks like a date and is none
            raise self.error(path, f"看不懂的值 {node.value!r}；文字请加引号") from error

    def _build_mapping(
        self, node: yaml.MappingNode, path: tuple[object, ...], loader: yaml.CSafeLoader, around: frozenset[int]
    ) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            if key in result:
                raise NoticeError(f"{self.name}:{key_node.start_mark.line + 1}: 键 {key!r} 重复")
            result[key] = self._build(value_node, (*path, key), loader, around)
            self.lines[*path, key] = key_node.start_mark.line + 1
        return result

    def error(self, path: tuple[object, ...], message: str) -> NoticeError:
        """An error at the line of `path`, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return NoticeError(f"{self.name}:{self.lines.get(path, 1)}: {message}")


@dataclass(frozen=True, slots=True)
class _Raw:
    """A rule as written, with the place of each of its keys (a key may come from the notice that is extended)."""

    values: dict[str, Any]
    origins: dict[str, tuple[_Source, tuple[object, ...]]]
    source: _Source
    path: tuple[object, ...]

    def error(self, message: str, key: str = "", *deeper: object) -> NoticeError:
        source, path = self.origins.get(key, (self.source, self.path))
        name = self.values.get("id")
        prefix = f"规则 {name}：" if isinstance(name, str) else ""
        return source.error((*path, *deeper), prefix + message)


_HEAD_KEYS = ("id", "title", "number", "year")
_TOP_KEYS = ("id", "title", "number", "year", "extends", "disable", "rules")
_RULE_KEYS = (
    "id", "name", "kind", "clause", "applies_to", "only_for", "severity", "message", "suggestion", "cases", "examples",
)  # fmt: skip
_WORDING_KEYS = ("severity", "message", "suggestion")
_EXAMPLE_KEYS = ("bad", "good", "against", "roster", "grades", "with")


def shipped() -> list[str]:
    """The ids of the notices that ship with the package."""
    names = (entry.name for entry in resources.files("checker.notices").iterdir())
    return sorted(name.removesuffix(".yml") for name in names if name.endswith(".yml"))


DEFAULT = "puyang-2020"


def load(name: str | Path = DEFAULT, *, verify: Literal["always", "new", "never"] = "new") -> Notice:
    """The notice that ships under the id `name`, or the one in the file `name`.

    Every rule is held against its own examples: always, or only in a notice of which it is not written down that they
    hold, or never. Raises NoticeError, whose message begins with file:line.
    """
    source = _read(name, None)
    raw_rules, head = _assemble(source)
    built = tuple(_rule(raw) for raw in raw_rules)
    needed = dict.fromkeys(lexicon_id for rule in built for lexicon_id in _lexicons_of(rule))
    loaded = [_lexicon(lexicon_id, built, source) for lexicon_id in needed]
    digest = verified.digest((head, *(raw.values for raw in raw_rules)), loaded)
    notice = Notice(head["id"], head["title"], head["number"], head["year"], built, Lexicons.of(loaded), digest)
    if verify == "always" or (verify == "new" and digest not in verified.known()):
        from checker import engine  # the engine runs rules; only their examples need it here

        for rule, raw in zip(built, raw_rules, strict=True):
            problem = engine.try_examples(notice, rule)
            if problem:
                raise raw.error(problem, "examples")
    return notice


def _read(name: str | Path, beside: Path | None) -> _Source:
    text = str(name)
    if text in shipped():
        return _Source(f"{text}.yml", resources.files("checker.notices").joinpath(f"{text}.yml").read_text("utf-8"))
    path = Path(name) if beside is None else beside / name
    try:
        return _Source(str(path), path.read_text("utf-8-sig"))
    except OSError as error:
        known = "、".join(shipped())
        raise NoticeError(f"{path}:1: 找不到这份考核通知；内置的有：{known}，也可以给出 YAML 文件的路径") from error
    except UnicodeDecodeError as error:
        raise NoticeError(f"{path}:1: 考核通知文件要用 UTF-8 编码保存") from error


def _assemble(source: _Source) -> tuple[list[_Raw], dict[str, Any]]:
    """The raw rules of the notice, after `extends` and `disable`, and its head."""
    data = _head(source)
    parent_rules: list[_Raw] = []
    head: dict[str, Any] = {key: data[key] for key in _HEAD_KEYS if key in data}
    if "extends" in data:
        base = _read(str(data["extends"]), Path(source.name).parent)
        parent = _head(base)
        if "extends" in parent:
            raise source.error(("extends",), f"{data['extends']} 自己又继承了别的通知；只能继承一层")
        parent_rules = _raw_rules(base, parent)
        head = {**{key: parent[key] for key in _HEAD_KEYS if key in parent}, **head}
    head.setdefault("number", "")
    for key in ("id", "title", "year"):
        if key not in head:
            raise source.error((), f"缺少 {key}")
    _check_type(head["year"], int, source, ("year",), "year")
    merged = {raw.values["id"]: raw for raw in parent_rules}
    for raw in _raw_rules(source, data):
        merged[raw.values["id"]] = _override(merged.get(raw.values["id"]), raw)
    for index, rule_id in enumerate(data.get("disable", ())):
        if merged.pop(rule_id, None) is None:
            raise source.error(("disable", index), f"disable 里的规则 {rule_id!r} 不存在")
    return list(merged.values()), head


def _head(source: _Source) -> dict[str, Any]:
    if not isinstance(source.data, dict):
        raise source.error((), "考核通知应当是键值对，至少有 id、title、year、rules")
    for key in source.data:
        if key not in _TOP_KEYS:
            raise source.error((key,), f"不认识的键 {key!r}；可用的有 {'、'.join(_TOP_KEYS)}")
    for key in ("id", "title", "number", "extends"):
        if key in source.data:
            _check_type(source.data[key], str, source, (key,), key)
    if "disable" in source.data:
        _check_type(source.data["disable"], list[str], source, ("disable",), "disable")
    return source.data


def _check_type(value: Any, wanted: Any, source: _Source, path: tuple[object, ...], name: str) -> None:
    try:
        convert(value, wanted)
    except TypedError as error:
        raise source.error((*path, *error.path), f"{name} 的值不对：{error.reason}") from error


def _raw_rules(source: _Source, data: Mapping[str, Any]) -> list[_Raw]:
    listed = data.get("rules", [])
    if not isinstance(listed, list):
        raise source.error(("rules",), "rules 应当是列表")
    found: list[_Raw] = []
    seen: set[str] = set()
    for index, values in enumerate(listed):
        path = ("rules", index)
        if not isinstance(values, dict) or not isinstance(values.get("id"), str):
            raise source.error(path, "每条规则都要有 id")
        if values["id"] in seen:
            raise source.error(path, f"规则 {values['id']} 重复")
        seen.add(values["id"])
        found.append(_Raw(values, {key: (source, (*path, key)) for key in values}, source, path))
    return found


def _override(base: _Raw | None, raw: _Raw) -> _Raw:
    """`raw` over `base`, key by key; what `raw` says of the wording holds for all cases it does not word itself."""
    if base is None:
        return raw
    values = {**base.values, **raw.values}
    inherited, own = base.values.get("cases"), raw.values.get("cases", {})
    if isinstance(inherited, dict) and isinstance(own, dict):
        told = [key for key in _WORDING_KEYS if key in raw.values]
        kept = {
            case: {key: value for key, value in wording.items() if key not in told}
            for case, wording in inherited.items()
        }
        values["cases"] = {case: {**kept.get(case, {}), **own.get(case, {})} for case in {**kept, **own}}
    return _Raw(values, {**base.origins, **raw.origins}, raw.source, raw.path)


def _rule(raw: _Raw) -> Rule:
    values = raw.values
    kind = _kind(raw)
    known = _fields(kind.params)
    for key in values:
        if key not in _RULE_KEYS and key not in known:
            takes = "、".join(known) or "（没有参数）"
            raise raw.error(f"不认识的键 {key!r}；{kind.name} 的参数有 {takes}", key)
    for key in ("name", "clause"):
        if not isinstance(values.get(key), str) or not values[key]:
            raise raw.error(f"缺少 {key}", key)
    params = _convert(raw, kind, {key: values[key] for key in known if key in values})
    return Rule(
        id=values["id"],
        name=values["name"],
        kind=kind,
        clause=values["clause"],
        applies_to=_applies_to(raw),
        only_for=_only_for(raw),
        wordings=_wordings(raw, kind),
        params=params,
        examples=_examples(raw, kind),
        line=raw.source.lines.get(raw.path, 1),
    )


def _kind(raw: _Raw) -> Kind:
    name = raw.values.get("kind")
    if not isinstance(name, str):
        raise raw.error("缺少 kind")
    if name not in rules.KINDS:
        raise raw.error(f"没有 {name!r} 这一类规则；可用的有 {'、'.join(rules.KINDS)}", "kind")
    return rules.KINDS[name]


def _fields(params: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(params))


def _convert(raw: _Raw, kind: Kind, values: Mapping[str, Any], within: tuple[str, ...] = ()) -> Any:
    """`values` as the kind's parameters; `within` leads to them where they do not stand in the rule itself."""
    for key, value in values.items():
        _refuse_unknown(raw, kind.params, key, value)
    try:
        return convert(values, kind.params)
    except TypedError as error:
        path = (*within, *error.path)
        first = path[0] if path and isinstance(path[0], str) else ""
        named = "参数 " + ".".join(str(step) for step in error.path) if error.path else "参数"
        raise raw.error(f"{named} 不对：{error.reason}", first, *path[1:]) from error


def _refuse_unknown(raw: _Raw, params: type, key: str, value: Any) -> None:
    """Tables inside parameters (facets, topics, aspects) are held to their fields too."""
    annotation = get_type_hints(params)[key]
    item_type = next((arg for arg in get_args(annotation) if dataclasses.is_dataclass(arg)), None)
    if item_type is None or not isinstance(value, list):
        return
    known = _fields(item_type)  # type: ignore[arg-type]
    for index, item in enumerate(value):
        for inner in item if isinstance(item, dict) else ():
            if inner not in known:
                raise raw.error(f"{key} 里有不认识的键 {inner!r}；可用的有 {'、'.join(known)}", key, index, inner)


def _applies_to(raw: _Raw) -> tuple[str, ...]:
    value = raw.values.get("applies_to")
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list) or not listed:
        raise raw.error("缺少 applies_to（适用的文种）", "applies_to")
    for kind in listed:
        if not isinstance(kind, str) or kind not in PAPER_KINDS:
            raise raw.error(f"没有 {kind!r} 这种材料；可用的有 {'、'.join(PAPER_KINDS)}", "applies_to")
    return tuple(listed)


def _only_for(raw: _Raw) -> str:
    value = raw.values.get("only_for", "")
    if not isinstance(value, str) or (value and value not in FLAGS):
        raise raw.error(f"only_for 只能是 {'、'.join(FLAGS)}", "only_for")
    return value


def _wordings(raw: _Raw, kind: Kind) -> dict[str, Wording]:
    """The wording of each case: what `cases` gives, else what the rule itself gives."""
    cases = raw.values.get("cases", {})
    if not isinstance(cases, dict):
        raise raw.error("cases 应当是键值对", "cases")
    for case in cases:
        if case not in kind.cases:
            raise raw.error(f"{kind.name} 没有情形 {case!r}；有 {'、'.join(kind.cases)}", "cases", case)
    common = {key: raw.values[key] for key in _WORDING_KEYS if key in raw.values}
    return {case: _wording(raw, kind, case, common, cases.get(case, {})) for case in kind.cases}


def _wording(raw: _Raw, kind: Kind, case: str, common: Mapping[str, Any], own: Any) -> Wording:
    if not isinstance(own, dict):
        raise raw.error(f"情形 {case} 应当是键值对", "cases", case)
    for key in own:
        if key not in _WORDING_KEYS:
            raise raw.error(
                f"情形 {case} 里有不认识的键 {key!r}；可用的有 {'、'.join(_WORDING_KEYS)}", "cases", case, key
            )
    values = {**common, **own}
    place = ("cases", case) if own else ("message",)
    if values.get("severity") not in SEVERITIES:
        raise raw.error(f"severity 只能是 {'、'.join(SEVERITIES)}", "severity" if not own else "cases")
    for key in ("message", "suggestion"):
        if not isinstance(values.get(key, ""), str):
            raise raw.error(f"{key} 应当是文字", *place)
    if not values.get("message"):
        raise raw.error(f"情形 {case or '默认'} 缺少 message", *place)
    for key in ("message", "suggestion"):
        problem = _template_problem(values.get(key, ""), (*kind.cases[case], *_fields(kind.params)))
        if problem:
            raise raw.error(f"情形 {case or '默认'} 的 {key} {problem}", *place)
    return Wording(values["severity"], values["message"], values.get("suggestion", ""))


def _examples(raw: _Raw, kind: Kind) -> Examples | None:
    value = raw.values.get("examples")
    if value is None:
        if kind.name == rules.PENDING:
            return None
        raise raw.error("缺少 examples：每条规则都要有一个 bad 和一个 good 的例子")
    if not isinstance(value, dict) or any(key not in _EXAMPLE_KEYS for key in value):
        raise raw.error(f"examples 只能有 {'、'.join(_EXAMPLE_KEYS)}", "examples")
    bad, good, params = value.get("bad"), value.get("good"), value.get("with", {})
    against = value.get("against", "")
    if not isinstance(bad, str) or not isinstance(good, str) or not isinstance(params, dict):
        raise raw.error("examples 要有 bad 和 good 两段文字", "examples")
    if not isinstance(against, str):
        raise raw.error("examples 的 against 应当是文字", "examples")
    unknown = [key for key in params if key not in _fields(kind.params)]
    if unknown:
        raise raw.error(f"examples 的 with 里有不认识的参数 {unknown[0]!r}", "examples", "with", unknown[0])
    own = {key: raw.values[key] for key in _fields(kind.params) if key in raw.values}
    chosen = _convert(raw, kind, {**own, **params}, ("examples", "with"))
    roster = _example_roster(raw, value.get("roster", []))
    return Examples(bad, good, chosen, against, roster, _example_grades(raw, value))


def _example_grades(raw: _Raw, value: Mapping[str, Any]) -> Mapping[str, float]:
    try:
        found: Mapping[str, float] = convert(value.get("grades", {}), dict[str, float])
    except TypedError as error:
        raise raw.error(f"examples 的 grades 不对：{error.reason}", "examples", "grades", *error.path) from error
    return found


def _example_roster(raw: _Raw, value: Any) -> tuple[Entry, ...]:
    for index, row in enumerate(value if isinstance(value, list) else ()):
        unknown = [key for key in row if key not in _fields(Entry)] if isinstance(row, dict) else []
        if unknown:
            raise raw.error(f"examples 的 roster 里有不认识的键 {unknown[0]!r}", "examples", "roster", index)
    try:
        return tuple(convert(value, list[Entry]))
    except TypedError as error:
        raise raw.error(f"examples 的 roster 不对：{error.reason}", "examples", "roster", *error.path) from error


def _lexicons_of(rule: Rule) -> Iterator[str]:
    """The lexicons that the rule, or its example, looks up."""
    yield from rules.lexicons(rule.kind, rule.params)
    if rule.examples is not None:
        yield from rules.lexicons(rule.kind, rule.examples.params)


def _lexicon(lexicon_id: str, built: Sequence[Rule], source: _Source) -> lexicon.Lexicon:
    found = lexicon.load(lexicon_id)
    if found is not None:
        return found
    rule = next(rule for rule in built if lexicon_id in _lexicons_of(rule))
    raise NoticeError(f"{source.name}:{rule.line}: 规则 {rule.id}：词表 lexicons/{lexicon_id}.txt 不存在")


def _template_problem(template: str, known: Sequence[str]) -> str:
    """What is wrong with the names in braces of a message; empty where nothing is."""
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError:
        return "里的花括号不成对"
    for _, name, form, conversion in parts:
        if name is not None and (name not in known or form or conversion):
            return f"里的 {{{name}}} 不能用；可用的有 {'、'.join(known)}"
    return ""
