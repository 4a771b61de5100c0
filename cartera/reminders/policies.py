"""All policies that are in force, and their files: read, checked against each other, asked in their order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from cartera.errors import ConfigError
from cartera.reminders.audience import Audience, Debt
from cartera.reminders.policy import Policy
from cartera.yaml_config import line_of, load_yaml_model


class Policies:
    """All policies that are in force, in the order in which they are asked. `challengers`: by the policy's name."""

    def __init__(self, policies: Iterable[Policy], challengers: Mapping[str, Policy] | None = None) -> None:
        self._policies = tuple(sorted(policies, key=lambda policy: (policy.priority, policy.name)))
        self._challengers = dict(challengers or {})

    def __iter__(self) -> Iterator[Policy]:
        return iter(self._policies)

    def __len__(self) -> int:
        return len(self._policies)

    def of(self, debt: Debt) -> Policy | None:
        """The one policy that a debt falls under."""
        return next((policy for policy in self if policy.audience.holds(debt)), None)

    def challenger_of(self, policy: Policy) -> Policy | None:
        return self._challengers.get(policy.name)

    @property
    def all(self) -> tuple[Policy, ...]:
        """Every policy by which a message may go out: those in force, and their challengers."""
        return (*self._policies, *self._challengers.values())

    def only(self, name: str) -> Policies:
        """One of `all`, for whoever is asked: no audience, no experiment."""
        return Policies(
            policy.model_copy(update={"audience": Audience(), "experiment": None})
            for policy in self.all
            if policy.name == name
        )

    @property
    def has_experiments(self) -> bool:
        return any(policy.experiment for policy in self)

    @property
    def adapts(self) -> bool:
        return any(policy.adapt for policy in self.all)

    @property
    def asks_segments(self) -> bool:
        return any(policy.audience.asks_segments for policy in self)

    @property
    def saved_segments(self) -> frozenset[str]:
        """The names of all that they ask for."""
        return frozenset(name for policy in self.all for name in policy.audience.saved_segments)

    def with_saved(self, saved: Mapping[str, Audience]) -> Policies:
        """The same, knowing what the saved segments ask. Raises ConfigError when there is none of a name."""

        def filled(policy: Policy) -> Policy:
            names = policy.audience.saved_segments
            missing = [name for name in names if name not in saved]
            if missing:
                raise ConfigError(
                    f"policy {policy.name}: there is no saved segment {missing[0]!r}",
                    f"saved are: {', '.join(sorted(saved)) or 'none'}; save it on the page Segments",
                )
            audience = policy.audience.model_copy(update={"saved": {name: saved[name] for name in names}})
            return policy.model_copy(update={"audience": audience}) if names else policy

        return Policies(map(filled, self), {name: filled(policy) for name, policy in self._challengers.items()})


def load_policy(path: Path) -> Policy:
    """The policy of a YAML file. Raises ConfigError with file and line."""
    return load_yaml_model(path, Policy)


def load_policies(policies_dir: Path) -> Policies:
    """All of `policies/*.yaml`. Raises ConfigError, also where two could not be told apart."""
    paths = sorted(policies_dir.glob("*.yaml"))
    if not paths:
        raise ConfigError(f"{policies_dir}: there is no policy", "write default.yaml, or name a file with --policy")
    return load_policies_of(paths)


def load_policies_of(paths: Iterable[Path]) -> Policies:
    """The policies of some files, with the challengers of their experiments. Raises ConfigError."""
    loaded = {path: load_policy(path) for path in paths}
    _require_distinct(loaded, "priority")
    challengers = {path: load_policy(path) for path in map(_challenger_path, loaded, loaded.values()) if path}
    _require_distinct(loaded | challengers, "name")
    experiments: dict[str, Path] = {}
    by_champion: dict[str, Policy] = {}
    for path, policy in loaded.items():
        if policy.experiment is None:
            continue
        first = experiments.setdefault(policy.experiment.name, path)
        if first != path:
            where = f"{path}:{line_of(path, ('experiment', 'name'))}"
            raise ConfigError(
                f"{where}: experiment {policy.experiment.name!r} is that of {first.name} too",
                "give each experiment a name of its own: a customer is in one arm of it",
            )
        challenger_path = _challenger_path(path, policy)
        if challenger_path:
            by_champion[policy.name] = _challenger(challenger_path, challengers[challenger_path], policy)
    return Policies(loaded.values(), by_champion)


def _challenger_path(path: Path, policy: Policy) -> Path | None:
    file = policy.experiment.challenger_file if policy.experiment else None
    return path.parent / file if file else None


def _challenger(path: Path, challenger: Policy, champion: Policy) -> Policy:
    """A challenger is for whom its champion is for, and the same creditors are owed."""
    if challenger.experiment:
        where = f"{path}:{line_of(path, ('experiment',))}"
        raise ConfigError(f"{where}: a challenger has no experiment of its own", "take `experiment` out of this file")
    if challenger.audience not in (Audience(), champion.audience):
        where = f"{path}:{line_of(path, ('audience',))}"
        raise ConfigError(
            f"{where}: a challenger is for the audience of {champion.name}", "take `audience` out of this file"
        )
    return challenger


def _require_distinct(loaded: Mapping[Path, Policy], attribute: str) -> None:
    first: dict[object, Path] = {}
    for path, policy in loaded.items():
        value = getattr(policy, attribute)
        if value in first:
            raise ConfigError(
                f"{path}:{line_of(path, (attribute,))}: {attribute} {value!r} is that of {first[value].name} too",
                "give each policy a name and a priority of its own; the lowest priority is asked first",
            )
        first[value] = path


def find_policy(policies_dir: Path, name: str = "default") -> Policy:
    """The policy `<name>.yaml` of the policies folder. Raises ConfigError naming those that exist."""
    path = policies_dir / f"{name}.yaml"
    if not path.exists():
        known = ", ".join(sorted(found.stem for found in policies_dir.glob("*.yaml"))) or "none"
        raise ConfigError(f"{path}: there is no such policy", f"known are: {known}; or name a file with --policy")
    return load_policy(path)
