"""A MiniStack process with the stack of `template.yaml` in it."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
import zipfile
from pathlib import Path

import boto3
from botocore.config import Config
from cfnlint.decode import cfn_yaml

NAME = "scrip"
REGION = "us-east-1"
BUCKET = "artefacts"
# MiniStack takes these for the root of its account.
ROOT_KEY = ROOT_SECRET = "test"
# What is different here: MiniStack has no CodeDeploy, the binaries are of this machine, and nobody
# wants to wait for a quarter of an hour.
PARAMETERS = {"Canary": "false", "Architecture": "x86_64", "SweepSchedule": "rate(1 minute)"}
READY_SECONDS_MAX = 60


class Stack:
    """The running stack; a context that ends it and removes what it left on disk."""

    def __init__(self, root: Path, home: Path):
        self.root, self.home = root, home
        self.run = home / "run"
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.process = None
        self.outputs = {}

    def __enter__(self) -> "Stack":
        shutil.rmtree(self.run, ignore_errors=True)
        self.run.mkdir(parents=True)
        try:
            artefacts = self.build()
            self.start()
            self.deploy(artefacts)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_) -> None:
        if self.process and self.process.poll() is None:
            # The functions are children of MiniStack: all of them are one group.
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        shutil.rmtree(self.run, ignore_errors=True)

    def client(self, service: str, key: str = ROOT_KEY, secret: str = ROOT_SECRET, token=None):
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=Config(retries={"max_attempts": 2}, read_timeout=120),
        )

    def build(self) -> dict[str, Path]:
        """Zips the binary of every function that the tests run, without its symbols."""
        # What `cargo test` has built already is not built again with other features.
        subprocess.run(["cargo", "test", "-q", "--workspace", "--no-run"], cwd=self.root, check=True)
        target = Path(os.environ.get("CARGO_TARGET_DIR", self.root / "target"))
        artefacts = {}
        for folder in sorted((self.root / "functions").iterdir()):
            bootstrap = self.run / folder.name / "bootstrap"
            bootstrap.parent.mkdir()
            strip = ["strip", "-o", bootstrap, target / "debug" / folder.name]
            subprocess.run(strip, check=True)
            artefacts[folder.name] = self.run / f"{folder.name}.zip"
            with zipfile.ZipFile(artefacts[folder.name], "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
                archive.write(bootstrap, "bootstrap")
        return artefacts

    def start(self) -> None:
        environment = {
            **os.environ,
            "GATEWAY_PORT": str(self.port),
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_HOST": "localhost",
            "IOT_MTLS_ENABLED": "0",
            # Policies are enforced, of callers and of the functions' own roles.
            "AUTH": "true",
            "AWS_ACCESS_KEY_ID": ROOT_KEY,
            "AWS_SECRET_ACCESS_KEY": ROOT_SECRET,
            "AWS_DEFAULT_REGION": REGION,
            # Where the functions find AWS.
            "AWS_ENDPOINT_URL": self.endpoint,
            "S3_DATA_DIR": str(self.run / "s3"),
            "TMPDIR": str(self.run),
            "LOG_LEVEL": os.environ.get("MINISTACK_LOG_LEVEL", "INFO"),
        }
        log = (self.run / "ministack.log").open("wb")
        ministack = self.home / "venv" / "bin" / "ministack"
        self.process = subprocess.Popen(
            [ministack], cwd=self.run, env=environment, stdout=log, stderr=log, start_new_session=True
        )
        give_up = time.monotonic() + READY_SECONDS_MAX
        while True:
            try:
                urllib.request.urlopen(f"{self.endpoint}/_ministack/health", timeout=1).close()
                return
            except OSError as error:
                if self.process.poll() is not None or give_up < time.monotonic():
                    raise RuntimeError(f"MiniStack did not start: {error}\n{self.log()}") from error
                time.sleep(0.2)

    def deploy(self, artefacts: dict[str, Path]) -> None:
        s3 = self.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        for name, path in artefacts.items():
            s3.upload_file(str(path), BUCKET, path.name)
        template = cfn_yaml.load(str(self.root / "template.yaml"))
        for resource in template["Resources"].values():
            if resource["Type"] == "AWS::Serverless::Function":
                folder = Path(resource["Properties"]["CodeUri"]).name
                resource["Properties"]["CodeUri"] = f"s3://{BUCKET}/{folder}.zip"
        # MiniStack expands the template with the defaults of its parameters, whatever is given.
        for name, value in PARAMETERS.items():
            template["Parameters"][name]["Default"] = value
        # Nor has it TLS, which the queues insist on.
        del template["Resources"]["QueuePolicy"]
        # It keeps the type of a given parameter, too, which is text, where AWS makes a number of it.
        scaling = template["Resources"]["OrderSource"]["Properties"]["ScalingConfig"]
        scaling["MaximumConcurrency"] = int(template["Parameters"]["OrderConcurrency"]["Default"])
        s3.put_object(Bucket=BUCKET, Key="template.json", Body=json.dumps(template).encode())
        cloudformation = self.client("cloudformation")
        cloudformation.create_stack(
            StackName=NAME,
            TemplateURL=f"{self.endpoint}/{BUCKET}/template.json",
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        )
        try:
            cloudformation.get_waiter("stack_create_complete").wait(
                StackName=NAME, WaiterConfig={"Delay": 1, "MaxAttempts": 300}
            )
        except Exception as error:
            events = cloudformation.describe_stack_events(StackName=NAME)["StackEvents"]
            print(self.log()); print(json.dumps(events[:400],default=str)[:20000])
            failed = [event for event in events if event.get("ResourceStatusReason")]
            reasons = [f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason')}" for event in failed]
            raise RuntimeError("the stack was not created:\n" + "\n".join(reasons)) from error
        stack = cloudformation.describe_stacks(StackName=NAME)["Stacks"][0]
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    def log(self) -> str:
        return (self.run / "ministack.log").read_text(errors="replace")[-10_000:]

    @property
    def api_host(self) -> str:
        """What MiniStack knows the API by: the `Host` of a call to `endpoint`."""
        api = self.outputs["ApiUrl"].split("//")[1].split(".")[0]
        return f"{api}.execute-api.localhost:{self.port}"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
