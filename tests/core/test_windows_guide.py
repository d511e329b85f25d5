"""The guides for Windows name nothing that is not there: each span is looked up in code, installer, texts or documents.

In the Markdown **bold** is a text that program or installer show, and `code` is a command, path, variable, switch or
name. The two guides have the same sections and spans, each with the texts of its language.
"""

import argparse
import ast
import importlib.util
import re
import shlex
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
from babel.messages.pofile import read_po

from model_preload import __main__ as program
from model_preload.cli import arguments
from model_preload.core.caches.huggingface import default_root
from model_preload.core.engines.output import MANIFEST, reading_in
from model_preload.core.engines.places import reading
from model_preload.core.engines.surroundings import MODEL_CACHE, Surroundings
from model_preload.core.errors import Circumstance
from model_preload.core.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
GUIDES = {"en": "WINDOWS_DEPLOYMENT.md", "zh": "WINDOWS_DEPLOYMENT.zh-CN.md"}
SETUP = ROOT / "installer" / "setup.nsi"
PLATFORM, HOME = Path("<platform>"), Path("%USERPROFILE%")

NOT_OURS = {
    *("PATH", "%ERRORLEVEL%", "this type", "这种字体", "<platform>", "<version>", "backend", "status", "iic", "torch"),
    *("certutil -hashfile ModelPreload-<version>-Setup.exe SHA256", "export MODEL_PRELOAD_PLATFORM=~/mineru-tianshu"),
    *("nvidia-smi", "docker compose exec worker nvidia-smi", "docker-compose.yml", r"scripts\docker-setup.bat"),
    *("scripts/init-models.sh", "OFFLINE_MODELS_PATH=./models-offline", "/mnt", r"\t", r"\n"),
    *("http://localhost", "http://localhost:3000"),
}
"""Windows's, the platform's by its own guide, and the words that the guides use for them."""


@dataclass(frozen=True)
class Span:
    """What is marked in a guide: `code` or not; `section` counts the headings above it."""

    section: int
    code: bool
    said: str


@cache
def guide(language: str) -> str:
    return (ROOT / "docs" / GUIDES[language]).read_text(encoding="utf-8")


def code(language: str) -> Iterator[Span]:
    """Spans, and each line of a block."""
    section, fenced = 0, False
    for line in guide(language).splitlines():
        if line.strip().startswith("```"):
            fenced = not fenced
        elif fenced:
            yield Span(section, code=True, said=line.strip())
        else:
            section += line.startswith("#")
            yield from (Span(section, code=True, said=said) for said in re.findall(r"`([^`]+)`", line))
    assert not fenced


def bold(language: str) -> Iterator[Span]:
    """A text may go on in the next line."""
    plain = re.sub(r"```.*?```|`[^`]*`", "", guide(language), flags=re.DOTALL)
    for section, part in enumerate(re.split(r"^#+ ", plain, flags=re.MULTILINE)):
        for said in re.findall(r"\*\*(.+?)\*\*", part, re.DOTALL):
            yield Span(section, code=False, said=" ".join(said.split()))


def unmarked(shown: str) -> str:
    """Without the letter to press."""
    return re.sub(r"\(&.\)|&", "", shown)


@cache
def shown_texts() -> Mapping[str, str]:
    """English and Chinese of all that program and installer show, without letters to press."""
    with (ROOT / "resources/i18n/zh_CN/LC_MESSAGES/model_preload.po").open("rb") as lines:
        catalogue = read_po(lines, locale="zh_CN")
    pairs = [(str(entry.id), str(entry.string)) for entry in catalogue if isinstance(entry.id, str) and entry.id]
    pairs += re.findall(r'insertmacro TEXT \w+ (?:\\\s*)?"(.*)" (?:\\\s*)?"(.*)"', installer())
    return {unmarked(english): unmarked(chinese) for english, chinese in pairs}


@cache
def installer() -> str:
    if not SETUP.exists():
        pytest.skip("installer/setup.nsi is not here")
    return SETUP.read_text(encoding="utf-8")


def constants(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@cache
def words_of_the_code() -> frozenset[str]:
    """All strings of the program and of the installer's build, except docstrings and sentences."""
    files = [*(ROOT / "desktop").rglob("*.py"), *(ROOT / "installer").glob("*.py")]
    return frozenset(word for file in files for word in constants(file) if "\n" not in word and " " not in word)


@cache
def documented() -> str:
    """What the other documents say: some of it is the engines' and the platform's."""
    others = [path for path in (ROOT / "docs").glob("*.md") if path.name not in GUIDES.values()]
    return "\n".join(path.read_text(encoding="utf-8") for path in others)


@cache
def models() -> Mapping[str, str]:
    """Engine by key, of the built-in catalog."""
    catalog = tomllib.loads((ROOT / "resources/catalog/tianshu.toml").read_text(encoding="utf-8"))
    return {model["key"]: model["place"]["engine"] for model in catalog["model"]}


def place_of(key: str, *, newer: bool) -> str:
    """Where the engine reads that model on Windows, as the guides write it; `newer`: the platform has MODEL_CACHE."""
    around = Surroundings({}, {}, {}, PLATFORM, HOME, PLATFORM / "models-offline" if newer else None)
    path = reading(models()[key], key, "<repository>", around, lambda _: None).path
    found = default_root(around.variables, HOME, Path()) if path is None else path
    return str(found).replace("/", "\\")


@cache
def known_paths() -> frozenset[str]:
    """Every folder and file that a rule of the program gives, and what is above it."""
    deepest = {place_of(key, newer=newer) for key in models() for newer in (False, True)}
    deepest |= {r"<platform>\backend\.env", r"<platform>\.env", MODEL_CACHE.replace("/", "\\")}
    deepest |= {rf"%LOCALAPPDATA%\ModelPreload\{name}" for name in ("settings.toml", "journal.sqlite3", "logs")}
    deepest.add(installed("uninstall.exe"))
    offline = {reading_in(Path(), engine, key, "<repository>").path for key, engine in models().items()}
    deepest |= {"huggingface/hub/" if path is None else path.as_posix() for path in offline}
    return frozenset(above for path in deepest for above in chain(path))


def chain(path: str) -> Iterator[str]:
    """A path and all above it; a folder of the offline folder may end in a slash."""
    mark = "\\" if "\\" in path else "/"
    while path:
        yield path
        if mark == "/":
            yield f"{path}/"
        path = path.rpartition(mark)[0]


def installed(name: str) -> str:
    """A file of the installation, where nothing else is chosen."""
    found = re.search(r'^InstallDir "\$LOCALAPPDATA\\(.+)"', installer(), re.MULTILINE)
    assert found
    return rf"%LOCALAPPDATA%\{found[1]}\{name}"


@cache
def development() -> ModuleType:
    """dev.py."""
    spec = importlib.util.spec_from_file_location("dev", ROOT / "dev.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def all_options() -> frozenset[str]:
    return frozenset(options(arguments._parser()))


def options(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        yield from action.option_strings
        if isinstance(action, argparse._SubParsersAction):
            for inner in action.choices.values():
                yield from options(inner)


def is_command(said: str) -> bool:
    """Of the program, read by its own parser, or of dev.py."""
    words = shlex.split(said)
    if words[0] == "model-preload":
        return runs(words[1:])
    if words[0] not in ("py", "python3") or words[1:2] != ["dev.py"] or len(words) < 3:
        return False
    if words[2] == "run":
        return runs(words[3:])
    return hasattr(development(), words[2]) and all(word in str(development().test.__doc__) for word in words[3:])


def runs(words: list[str]) -> bool:
    if program._TRAY_WORDS.issuperset(words):
        return True
    try:
        return bool(arguments.parse(words).command)
    except Circumstance:
        return False


def is_switch(said: str, *, of_removal: bool = False) -> bool:
    """Of Setup.exe or uninstall.exe; /S and /D are NSIS's own."""
    name, equals, value = said.partition("=")
    install, _, removal = installer().partition("Function un.onInit")
    match name:
        case "/S":
            return not equals
        case "/D":
            return not of_removal and bool(re.match(r"[A-Z]:\\", value))
        case "/LANG":
            return value == "en" or f'$R1 == "{value}"' in installer()
    return f'"{name}="' in (removal if of_removal else install) and value in ("0", "1")


def is_setup(said: str) -> bool:
    """A start of Setup.exe or uninstall.exe with switches, or one of their switches alone."""
    start, *switches = f" {said.removeprefix('start /wait ')}".split(" /")
    match start.strip(' "'):
        case "":
            return len(switches) == 1 and any(is_switch(said, of_removal=removal) for removal in (False, True))
        case "ModelPreload-<version>-Setup.exe":
            return all(is_switch(f"/{word}") for word in switches)
        case other:
            return other == installed("uninstall.exe") and all(
                is_switch(f"/{word}", of_removal=True) for word in switches
            )


def is_variable(said: str) -> bool:
    """Its value is a word of the code or documented; a path is the reader's own."""
    found = re.fullmatch(r"([A-Z][A-Z0-9_]+)(?:=(.+))?", said)
    if not found or found[1] not in words_of_the_code():
        return False
    value = found[2]
    return value is None or value in words_of_the_code() or bool(re.match(r"[D-Z]:\\", value)) or is_documented(value)


def is_path(said: str) -> bool:
    folder = re.fullmatch(r'cd /d "(.+)"', said)
    return (folder[1] if folder else said) in known_paths()


def is_built(said: str) -> bool:
    found = re.fullmatch(r"(?:dist/)?(?:ModelPreload-<version>(-Setup\.exe|\.cdx\.json)|SHA256SUMS)", said)
    build = (ROOT / "installer/build.py").read_text(encoding="utf-8")
    return found is not None and (found[1] or "SHA256SUMS") in build


def is_name(said: str) -> bool:
    named = {MANIFEST, "model-preload.log", *(field.name for field in fields(Settings))}
    return said in named | models().keys() or said in words_of_the_code() or said in all_options()


def is_documented(said: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(said)}(?![\w-])", documented()) is not None


KINDS: tuple[Callable[[str], bool], ...] = (is_setup, is_built, is_path, is_variable, is_name, is_documented)


def is_known(said: str) -> bool:
    """Commands and places of ours are the program's, whatever documents say."""
    if re.match(r"(model-preload|py|python3)( |$)", said):
        return is_command(said)
    if said.startswith(("<platform>\\", "%")) and said not in NOT_OURS:
        return is_path(said)
    return said in NOT_OURS or any(kind(said) for kind in KINDS)


@pytest.mark.parametrize("language", GUIDES)
def test_every_code_span_is_something_that_is_there(language: str) -> None:
    said = {span.said for span in code(language)}
    assert len(said) > 100
    assert sorted(one for one in said if not is_known(one)) == []


@pytest.mark.parametrize("language", GUIDES)
def test_every_bold_text_is_shown_by_program_or_installer(language: str) -> None:
    texts = set(shown_texts()) if language == "en" else set(shown_texts().values())
    said = {span.said for span in bold(language)} - {"bold", "粗体"}
    assert len(said) > 40
    assert sorted(said - texts) == []


def test_guides_have_the_same_sections_and_spans() -> None:
    levels = [[len(mark) for mark in re.findall(r"^(#+) ", guide(one), re.MULTILINE)] for one in GUIDES]
    assert levels[0] == levels[1]
    told = {"this type": "这种字体", "bold": "粗体", **shown_texts()}
    english = Counter((span.section, told.get(span.said, span.said)) for span in bold("en"))
    assert english == Counter((span.section, span.said) for span in bold("zh"))
    english = Counter((span.section, span.said.replace("this type", "这种字体")) for span in code("en"))
    assert english == Counter((span.section, span.said) for span in code("zh"))


@pytest.mark.parametrize("language", GUIDES)
def test_exit_codes_are_those_of_the_installer(language: str) -> None:
    given = set(re.findall(r"SetErrorLevel (\d)", installer())) | {"0", "1"}  # NSIS's own: done, cancelled
    table = re.search(r"\| (?:exit code|退出代码) \|.*\n\|[-|]+\n((?:\|.*\n)+)", guide(language))
    assert table
    assert set(re.findall(r"^\| (\d) \|", table[1], re.MULTILINE)) == given


@pytest.mark.parametrize("language", GUIDES)
def test_each_model_stands_beside_the_place_where_its_engine_reads(language: str) -> None:
    rows = re.findall(r"^\| (`.+`) \| `([%<].+?)` \|", guide(language), re.MULTILINE)
    told = Counter((key, place) for keys, place in rows for key in re.findall(r"`([^`]+)`", keys) if key in models())
    assert told == Counter({(key, place_of(key, newer=newer)) for key in models() for newer in (False, True)})


def test_room_is_what_the_build_keeps_to() -> None:
    build = (ROOT / "installer/build.py").read_text(encoding="utf-8")
    promised = re.search(r"MOST_ON_DISK, \w+ = (\d+)_000_000", build)
    assert promised
    assert all(f"| {promised[1]} MB |" in guide(language) for language in GUIDES)


@pytest.mark.parametrize(
    "said",
    [
        *("/Q", "/SETTING=1", "/AUTOSTART=yes", "ModelPreload-<version>-Setup.exe /SETTINGS=1", "--fast"),
        *("model-preload preload --fast", "model-preload fetch", "py dev.py fly", "MODEL_PRELOAD_HOUSE"),
        *(r"<platform>\models\yolo.pt", r"%LOCALAPPDATA%\Programs\Preload", "HF_HUB_OFFLINE=maybe", "journal.sqlite"),
    ],
)
def test_what_is_not_there_is_noticed(said: str) -> None:
    assert not is_known(said)


def pages() -> list[Path]:
    return sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link of every document: the file is there, and so is the heading."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        there = (page.parent / name) if name else page
        assert there.exists(), target
        assert not anchor or anchor in anchors(there), target


def anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
