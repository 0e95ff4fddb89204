"""What `scripts/local-aws` does once its packages are there."""

from pathlib import Path

from local_aws.stack import Stack

def run(root: Path, home: Path, test: bool) -> int:
    with Stack(root, home) as stack:
        print(stack.outputs)
        import pdb
        code = open("/tmp/ms/probe.py").read()
        exec(code, {"stack": stack})
    return 0
