"""What `scripts/local-aws` does once its packages are there."""

import time
from pathlib import Path

from local_aws.stack import REGION, ROOT_KEY, ROOT_SECRET, Stack
from local_aws.suite import Suite

NOT_THE_SAME = """\
MiniStack enforces the policies of callers and of the functions' roles, but not `dynamodb:LeadingKeys`,
throttles or memory. It has no CodeDeploy, so there are no canaries here, and alarms do not go off."""


def run(root: Path, home: Path, test: bool) -> int:
    with Stack(root, home) as stack:
        print(NOT_THE_SAME, flush=True)
        if test:
            failed = Suite(stack).run()
            if failed:
                print(stack.log())
            return failed
        show(stack)
        try:
            while stack.process.poll() is None:
                time.sleep(1)
        except KeyboardInterrupt:
            pass
        return 0


def show(stack: Stack) -> None:
    for name, value in stack.outputs.items():
        print(f"  {name:20} {value}")
    call = f"curl -s --aws-sigv4 aws:amz:{REGION}:execute-api --user {ROOT_KEY}:{ROOT_SECRET} -H 'Host: {stack.api_host}'"
    print(f"""
Set the program, then read it; Ctrl-C ends it all.

{call} -X PUT -H 'If-None-Match: *' --data-binary @shared/domain/programs/sample.json {stack.endpoint}/v1/program
{call} {stack.endpoint}/v1/program

The `aws` command speaks to it with --endpoint-url {stack.endpoint}""", flush=True)
