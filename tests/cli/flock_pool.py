"""A flock pool of stand-ins for HTCondor's tools: they know what its configuration file says, and write down how they
were called."""

import pathlib

TOOL = """#!/bin/sh
d={place}
echo "$(basename "$0") $*" >>$d/calls
known() {{ sed -n 's/^SHEPHERD_GUESTS = //p' $d/read 2>/dev/null | tr ' ' '\\n' | grep -qxF "$1"; }}
token() {{ cat "$_CONDOR_SEC_TOKEN_DIRECTORY"/* 2>/dev/null; }}
case $(basename "$0") in
condor_config_val)
    case "$*" in
    -raw*) echo "{requirements}" ;;
    *-collector*) sed -n 's/^SHEPHERD_GUEST_ADS = //p' $d/read ;;
    *) printf 'flock.test\\ncm.test:9619\\n%s\\n%s\\n' $d/config.d $d/keys ;;
    esac ;;
condor_token_create)
    middle=$(printf '{{"jti": "%s", "exp": 2000000000, "sub": "%s"}}' $$ "$2" | base64 -w0 | tr '+/' '-_' | tr -d =)
    echo "eyJhbGciOiJIUzI1NiJ9.$middle.c2ln" ;;
condor_reconfig) [ ! -e $d/down ] && cp $d/config.d/50-guests.conf $d/read ;;
condor_ping)
    of=$(token | cut -d. -f2 | tr -- '-_' '+/' | base64 -d 2>/dev/null | sed -n 's/.*"sub": "\\([^"]*\\)".*/\\1/p')
    if [ -n "$of" ] && rm $d/lost 2>/dev/null; then echo "READ FAIL"; exit 1; fi
    if [ -z "$of" ] || known "$of"; then echo "READ IDTOKENS AES AES ALLOW $of"; else echo "READ FAIL"; exit 1; fi ;;
condor_advertise) cat >>$d/advertised ;;
condor_status) case "$*" in *-any*) cat $d/left 2>/dev/null || true ;; *) cat $d/claims ;; esac ;;
condor_vacate) echo '[]' >$d/claims ;;
esac
"""
TOOLS = (
    "condor_config_val", "condor_token_create", "condor_reconfig", "condor_ping", "condor_advertise", "condor_status",
    "condor_vacate",
)  # fmt: skip


class FlockPoolOfStandIns:
    """Below one directory: configuration, key, tools, guests, and a settings file that names them all."""

    def __init__(self, place: pathlib.Path, sound_settings: str) -> None:
        self.place, self.tools = place, place / "condor-tools"
        for name in ("config.d", "keys", "condor-tools"):
            (place / name).mkdir()
        self.config, self.key = place / "condor_config", place / "keys/POOL"
        self.config.write_text("")
        self.key.write_text("key")
        (place / "claims").write_text("[]")
        self.settings = place / "guests.toml"
        self.settings.write_text(self._with_places(sound_settings))
        self.write_tools("$(SHEPHERD_GUEST_ADS)")

    def _with_places(self, settings: str) -> str:
        named = settings.replace("[flock]\n", f'[flock]\ncondor_config = "{self.config}"\n')
        lines = (line for line in named.splitlines() if not line.startswith("tools ="))
        paths = f'[paths]\ntools = "{self.tools}"\nguests = "{self.place}/etc/guests.d"'
        return "\n".join(lines).replace("[paths]", paths) + "\n"

    def write_tools(self, requirements: str) -> None:
        """The tools of a pool with these COLLECTOR_REQUIREMENTS."""
        text = TOOL.format(place=self.place, requirements=requirements.replace("$", "\\$"))
        for name in TOOLS:
            (self.tools / name).write_text(text)
            (self.tools / name).chmod(0o755)

    @property
    def calls(self) -> list[str]:
        """How the tools were called, one a line."""
        path = self.place / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def written(self) -> dict[str, str]:
        """Every file that is kept of guests."""
        below = (*self.place.glob("etc/**/*"), *self.place.glob("config.d/*"))
        return {str(path.relative_to(self.place)): path.read_text() for path in below if path.is_file()}
