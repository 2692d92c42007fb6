"""What the pages say holds: their commands compose, what they name is there, links lead there."""

import re
import shlex
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig

from bioner.config.checks import to_train_config
from bioner.config.command_line import CommandLine, names_in_lists, read
from bioner.config.config_folders import experiments, shipped
from bioner.config.datasets import to_datasets_config
from bioner.config.evaluate import to_evaluate_config
from bioner.config.export import to_export_config
from bioner.config.fit import to_fit_config
from bioner.config.hydra_setup import SCHEMAS, register
from bioner.config.identity import regime, run_name
from bioner.config.measure import to_measure_config
from bioner.config.predict import to_predict_config
from bioner.config.recommend import to_recommend_config
from bioner.config.report import to_report_config
from bioner.config.stages import to_stages_config
from bioner.config.train import TrainConfig
from bioner.errors import ConfigError
from bioner.grid.combinations import expand

ROOT = Path(__file__).parents[1]
FOLDERS = [ROOT / name for name in ("bioner", "conf", "experiments", "tests")]
PAGES = [ROOT / "README.md", *sorted(page for one in FOLDERS for page in one.rglob("*.md"))]
TEXTS = {str(page.relative_to(ROOT)): page.read_text(encoding="utf-8") for page in PAGES}
CHECKED = {
    "train": to_train_config,
    "report": to_report_config,
    "datasets": to_datasets_config,
    "stages": to_stages_config,
    "measure": to_measure_config,
    "recommend": to_recommend_config,
    "fit": to_fit_config,
    "evaluate": to_evaluate_config,
    "predict": to_predict_config,
    "export": to_export_config,
}
# The shell's own, and tools whose arguments are not ours to check.
SHELL = {"for", "do", "done", "cat", "echo", "mkdir", "tar", "ray"}
# `$(…)`, in which there may be brackets.
OUTPUT_OF = r"\$\((?:[^()]|\([^()]*\))*\)"
# What the folder `my_conf` of the pages holds.
OWN = {
    "cases": "path: /data/cases\ndevel_share: 0.1\nfolds: 5\n",
    "mine": "path: /data/mine\n",
    "side_effects": "path: experiments/tutorial/corpus\n",
}


@dataclass(frozen=True)
class Command:
    """One command of a block of shell.

    Attributes:
        page: whose.
        words: as the shell hands them over.
    """

    page: str
    words: tuple[str, ...]


def lines(text: str) -> Iterator[str]:
    """Yield the lines of the blocks of shell, continued ones joined."""
    for block in re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        yield from block.replace("\\\n", " ").splitlines()


def commands(page: str) -> Iterator[Command]:
    for line in lines(TEXTS[page]):
        known = re.sub(OUTPUT_OF, "RUN_DIR", line)
        lexer = shlex.shlex(re.sub(r"\$\w+", "1", known), posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        found: list[str] = []
        for word in [*lexer, ";"]:
            if word not in (";", "&&", "|"):
                found.append(word)
                continue
            words = _without_redirections(found)
            found = []
            if words:
                yield Command(page, tuple(words))


def _without_redirections(words: Sequence[str]) -> list[str]:
    kept = []
    skipped = False
    for word in words:
        assigned = not kept and re.fullmatch(r"[A-Z_]+=.*", word)
        if word in ("<", ">", ">>") or skipped or assigned:
            skipped = not skipped and not assigned
            continue
        kept.append(word)
    return kept[1:] if kept[:1] == ["do"] else kept


# What several pages say is looked at once.
COMMANDS = list(
    {command.words: command for page in reversed(TEXTS) for command in commands(page)}.values()
)
OURS = [command for command in COMMANDS if command.words[0] == "bioner"]
OTHERS = [command for command in COMMANDS if command.words[0] not in {"bioner", *SHELL}]


# What stands for a word that a reader puts in its place.
PLACEHOLDER = re.compile(r"…|\b[A-Z]{2,}\b|=X\b|\[the |\bVERB\b")
# What a command has that is more than the name of a verb or of a key of it.
WHOLE = re.compile(r"\b(targets?|run|study|experiment)=|datasets [a-z]+ ")
# How a line of a table says which regime its overrides are of.
REGIME = re.compile(r"^\| `(single|transfer|mtl|transfer_mtl)` \| `([^`]+)` \|$", re.MULTILINE)


def prose(text: str) -> str:
    """Return a page without its blocks of code."""
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def inline(page: str) -> Iterator[Command]:
    """Yield the commands that stand in the sentences of a page, as far as they are whole."""
    for code in re.findall(r"`(bioner [a-z]+ [^`]+)`", prose(TEXTS[page])):
        if WHOLE.search(code) and not PLACEHOLDER.search(code):
            yield Command(page, tuple(shlex.split(code)))


INLINE = list({one.words: one for page in TEXTS for one in inline(page)}.values())


def name_of(command: Command) -> str:
    return " ".join(command.words)[:70]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with what the commands of the pages take for granted, and Hydra told of it."""
    folder = tmp_path_factory.mktemp("pages")
    for given in ("RUN_DIR", "runs/fit/mine"):
        (folder / given).mkdir(parents=True)
    for study in ("mine", "tutorial"):
        run = folder / "runs" / study / "single"
        run.mkdir(parents=True)
        (run / "config.yaml").touch()
        (run / "record.json").write_text('{"status": "complete"}')
    for name, text in OWN.items():
        file = folder / "my_conf" / "dataset" / f"{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    register()
    with initialize_config_dir(str(shipped("conf").resolve()), version_base="1.3"):
        yield folder


def composed(line: CommandLine, overrides: Sequence[str], with_hydra: bool = False) -> DictConfig:
    """Return the config of a verb, from the command line's own folder of configs too."""
    own = [Path(line.parsed.config_dir).absolute()] if line.parsed.config_dir else []
    register(own, line.described, [line.verb], whole=line.verb == "fit")
    searched = [f"hydra.searchpath=[file://{folder}]" for folder in own]
    return compose(line.verb, [*overrides, *searched], return_hydra_config=with_hydra)


def jobs(line: CommandLine) -> list[list[str]]:
    """Return the overrides of one run; of a grid those of so many jobs that each value is shown."""
    overrides = list(line.parsed.overrides)
    if not line.parsed.multirun:
        return [overrides]
    parser = OverridesParser.create()
    if "hydra/sweeper=optuna" in overrides:
        parsed = parser.parse_overrides(overrides)
        return [[str(one.input_line) for one in parsed if not one.is_sweep_override()]]
    choosing = [word for word in overrides if word.startswith(("experiment=", "hydra"))]
    if not choosing:
        return shown(expand(parser, {}, [], overrides))
    if len(overrides) == 1:
        # tests/test_conf.py composes all jobs of every experiment.
        assert choosing[0].removeprefix("experiment=") in experiments()
        return []
    sweeper = composed(line, choosing, with_hydra=True).hydra.sweeper
    values = [word for word in overrides if word not in choosing]
    job = expand(parser, sweeper.params, sweeper.grids, values)[-1]
    return [[*choosing, *names_in_lists(job, TrainConfig)]]


def shown(found: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return so many jobs of a grid that each value of each axis is in one."""
    chosen: list[list[str]] = []
    unseen = {word for job in found for word in job}
    while unseen:
        chosen.append([*max(found, key=lambda job: len(unseen.intersection(job)))])
        unseen.difference_update(chosen[-1])
    return chosen


@pytest.mark.parametrize("command", [*OURS, *INLINE], ids=name_of)
def test_a_command_composes(command: Command, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    line = read(command.words[1:], SCHEMAS)
    for overrides in jobs(line):
        CHECKED[line.verb](composed(line, overrides))


@pytest.mark.parametrize("page", TEXTS)
def test_no_command_is_in_a_block_that_nobody_looks_at(page: str) -> None:
    fences = re.findall(r"^([ \t]*)(`{3,}|~{3,})(.*)$", TEXTS[page], re.MULTILINE)
    opening = fences[::2]
    assert all(indent == "" and fence == "```" for indent, fence, _ in fences)
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", TEXTS[page], re.MULTILINE | re.DOTALL)
    assert [kind for kind, _ in blocks] == [kind for _, _, kind in opening]
    for kind, block in blocks:
        assert kind in ("sh", "yaml", "python", ""), kind
        if kind != "sh":  # what is printed, or a file
            assert not re.search(r"^\W*(bioner [a-z]|make |pip |python )", block, re.MULTILINE)


def test_the_regimes_are_those_of_their_overrides(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    rows = REGIME.findall(TEXTS["README.md"])
    assert len(rows) == 4
    for name, words in rows:
        line = read(["train", *shlex.split(words)], SCHEMAS)
        assert regime(to_train_config(composed(line, *jobs(line)))) == name


def overrides_of_the_readme() -> list[str]:
    """Return the `KEY=VALUE` that stand alone in its sentences."""
    found = re.findall(r"`([a-z_.]+=[^`\s…]+)`", prose(TEXTS["README.md"]))
    return [one for one in dict.fromkeys(found) if not PLACEHOLDER.search(one)]


@pytest.mark.parametrize("word", overrides_of_the_readme())
def test_an_override_in_a_sentence_composes(
    word: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    tried = [["fit", "target=mine", "--config-dir", "my_conf", word]]
    tried += [["train", *([] if "targets=" in word else ["finetune.targets=s800"]), word]]
    line = read(tried["budget." not in word], SCHEMAS)
    CHECKED[line.verb](composed(line, *jobs(line)))


def test_a_wrong_command_would_not(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    line = read(["train", "finetune.targets=ncbi_diseases"], SCHEMAS)
    with pytest.raises(ConfigError, match="ncbi_disease"):
        CHECKED[line.verb](composed(line, *jobs(line)))
    line = read(["train", "-m", "finetune.targets=s800,ncbi_diseases", "seed=1,2"], SCHEMAS)
    assert len(jobs(line)) == 2


def test_the_first_run_has_the_directory_that_the_readme_shows(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    first = next(one for one in commands("README.md") if one.words[:2] == ("bioner", "train"))
    line = read(first.words[1:], SCHEMAS)
    name = run_name(to_train_config(composed(line, *jobs(line))))
    assert f"\nrun directory: runs/default/{name}\n" in TEXTS["README.md"]


def test_there_are_commands() -> None:
    assert len(OURS) > 60
    assert {command.words[0] for command in OTHERS} >= {"make", "pip", "python"}


@pytest.mark.parametrize("command", OTHERS, ids=name_of)
def test_what_another_command_names_is_there(command: Command) -> None:
    tool, *words = command.words
    if tool == "make":
        targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        assert set(words) <= set(targets)
    elif tool.endswith("pip"):
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        asked = re.findall(r"\[(\w+)\]", " ".join(words))
        assert set(asked) <= set(project["optional-dependencies"])
        files = [word for word in words if word.endswith(".txt")]
        assert all((ROOT / file).is_file() for file in files)
    elif tool == "python" and words[0] == "-m":
        assert find_spec(words[1]) is not None
    elif tool in ("python", "python3", "pytest", "wandb"):
        files = [word for word in words if word.startswith(("experiments/", "tests/"))]
        assert words[0] == "-m" or (files and all((ROOT / file).exists() for file in files))
    else:
        pytest.fail(f"nothing says how to check {tool!r}")


@pytest.mark.parametrize("page", TEXTS)
def test_paths_in_the_text_exist(page: str) -> None:
    for path in re.findall(r"`((?:bioner|conf|experiments|tests)/[\w./-]*\w)`", TEXTS[page]):
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("page", TEXTS)
def test_links_lead_somewhere(page: str) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)|(?:src|srcset)=\"([^\"]+)\"", prose(TEXTS[page]))
    for link in (one or other for one, other in links):
        if link.startswith("http"):
            continue
        path, _, anchor = link.partition("#")
        target = (ROOT / page).parent / path if path else ROOT / page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target.read_text(encoding="utf-8")), link


def anchors(text: str) -> list[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return [heading.replace(" ", "-") for heading in plain]


@pytest.mark.parametrize("page", TEXTS)
def test_zsh_has_nothing_to_glob(page: str) -> None:
    for line in lines(TEXTS[page]):
        code = re.sub(r"(^|\s)#.*", "", line)
        bare = re.sub(r"'[^']*'|\"[^\"]*\"", "", re.sub(OUTPUT_OF, "", code))
        assert not re.search(r"[\[\]{}*?]", bare), line


def test_the_readme_is_short_and_its_first_words_say_what_it_is() -> None:
    readme = TEXTS["README.md"].splitlines()
    assert len(readme) <= 160
    assert readme[0] == "# bioner"


def test_there_is_one_table_of_what_could_not_be_verified() -> None:
    having = [page for page, text in TEXTS.items() if "## What could not be verified" in text]
    assert having == ["experiments/README.md"]
