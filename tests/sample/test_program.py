# WRAPPER="seep run --fail-on new --baseline seep.baseline --" pytest
import os
import shlex
import subprocess


def test_inventory():
    wrapper = shlex.split(os.environ.get("WRAPPER", ""))
    subprocess.run(wrapper + ["./test_inventory"], check=True)
