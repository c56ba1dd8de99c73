"""The sample company in the cluster's database: made once, whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from scripts.cluster.database import Database
from scripts.cluster.processes import require

from bailiwick.cli.sample import ACCOUNT, OWNER, load_sample
from bailiwick.service.host import open_host
from bailiwick.service.initial import initialise
from bailiwick.service.people.own_link import make_owner_link
from bailiwick.service.settings import Settings
from bailiwick.store.address import Address, parse_address

DATABASE, UNFINISHED = "bailiwick", "bailiwick_unfinished"


@dataclass(frozen=True, slots=True)
class Company:
    """Where the company's store, its master key and its owners' keys are."""

    database: Database
    folder: Path

    @property
    def url(self) -> str:
        """Where is the store?"""
        return self.database.url(DATABASE)

    @property
    def master_key(self) -> Path:
        """In which file are its master keys?"""
        return self.folder / "master.key"

    @property
    def owner_key(self) -> Path:
        """In which file is the key of the company's owner?"""
        return self.folder / "owner.key"

    def is_there(self) -> bool:
        """Is it there, with its keys?"""
        there = self.database.has(DATABASE)
        missing = [str(file) for file in (self.master_key, self.owner_key) if there and not file.exists()]
        require(
            not missing,
            f"the database is there, but not {', '.join(missing)}: bring it back, or remove the database",
        )
        return there

    def make(self) -> None:
        """Make it."""
        enterprise = self.folder / "enterprise.keys"
        # WHY under another name first: a start that is killed half-way leaves what is begun anew.
        for file in (self.master_key, self.owner_key, enterprise):
            file.unlink(missing_ok=True)
        self.database.create(UNFINISHED)
        address = self._address(UNFINISHED)
        initialise(address, ACCOUNT, OWNER, self.owner_key)
        load_sample(address, self.owner_key, enterprise)
        self.database.rename(UNFINISHED, DATABASE)

    def link(self, url: str) -> str | None:
        """At which link is the owner's password chosen? None: it was, before."""
        host = open_host(self._address(DATABASE), Settings(url))
        try:
            return make_owner_link(host, ACCOUNT)
        finally:
            host.close()

    def _address(self, database: str) -> Address:
        return parse_address(self.database.url(database), master_key=self.master_key)
