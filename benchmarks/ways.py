"""The ways to look at a paper that are timed against each other. All start from the path of a file on disk."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import checker
from checker.language import count
from checker.language.lexicon import WHOLE_WORDS
from checker.notice import Notice
from checker.readers import docx_numbering, docx_styles, package, read_path
from checker.readers.kept import Kept

Way = Callable[[Path], object]


def ways(notice: Notice, papers: list[Path]) -> Mapping[str, Way]:
    """Each way by its name, with everything loaded that a second paper would find loaded too."""
    return {
        "ours": ours(notice),
        "ours-new-styles": ours_new_styles(notice),
        "floor": floor(papers),
        "obvious": obvious(notice),
    }


def forget_texts() -> None:
    """Drop what is kept by the text of a paper: in production no paper comes twice, here each comes in every round."""
    count.count_words.cache_clear()


def forget_styles() -> None:
    """Drop the styles, lists and relationships kept from papers before."""
    for module, size in ((docx_styles, 16), (docx_numbering, 16), (package, 64)):
        module._KEPT = Kept(size)  # type: ignore[attr-defined]


def ours(notice: Notice) -> Way:
    """Read and check, with styles that another paper of the same template has brought already."""

    def way(path: Path) -> object:
        forget_texts()
        return checker.check(path, notice=notice)

    return way


def ours_new_styles(notice: Notice) -> Way:
    """Read and check a paper whose template was never seen before."""

    def way(path: Path) -> object:
        forget_texts()
        forget_styles()
        return checker.check(path, notice=notice)

    return way


def floor(papers: list[Path]) -> Way:
    """What nobody can do without: unzip, parse, segment. The text is ready beforehand, so not even a walk is in it."""
    import rjieba
    from lxml import etree

    texts = {path: read_path(path).text for path in papers}

    def way(path: Path) -> object:
        with zipfile.ZipFile(path) as archive:
            root = etree.fromstring(archive.read("word/document.xml"))
        return root, rjieba.cut(texts[path], False)

    return way


def obvious(notice: Notice) -> Way:
    """What one writes first: python-docx, jieba, a compiled pattern for each term. It judges nothing yet."""
    import docx
    import jieba

    jieba.setLogLevel("ERROR")
    jieba.initialize()
    patterns = [re.compile(re.escape(term)) for term in terms(notice)]

    def way(path: Path) -> object:
        text = "\n".join(paragraph.text for paragraph in docx.Document(str(path)).paragraphs)
        words = jieba.lcut(text)
        return words, [pattern for pattern in patterns if pattern.search(text)]

    return way


def terms(notice: Notice) -> list[str]:
    """The distinct terms and false friends that the notice looks up in a text."""
    searched = (lexicon for lexicon in notice.lexicons.by_id.values() if not lexicon.id.startswith(WHOLE_WORDS))
    return list(dict.fromkeys(term for lexicon in searched for term in (*lexicon.terms, *lexicon.false_friends)))
