"""The end-to-end suite: what a retailer does with the stack, and what the stack does by itself.

Each check has one matter and says it in its docstring. They share the stack and no member.
"""

import hashlib
import json
import os
import subprocess
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path

from botocore.exceptions import ClientError

from local_aws.caller import Caller
from local_aws.stack import NAME, REGION, ROOT_KEY, ROOT_SECRET, Stack

SECONDS_MAX = 150
FUNCTIONS = ["earn", "credit", "redeem", "gift-card", "wallet", "program", "ingest", "expire", "revert", "publish"]
SAMPLE = Path("shared/domain/programs/sample.json")
SHARDS = 64


class Suite:
    def __init__(self, stack: Stack):
        self.stack = stack
        self.till = Caller(stack)
        self.sqs, self.table = stack.client("sqs"), stack.outputs["TableName"]
        self.dynamodb = stack.client("dynamodb")
        self.heard_url = self.hear_events()

    # What the checks are made of

    def put(self, path: str, body: dict, status: int = 201, **headers) -> dict:
        return self.expect("PUT", path, body, status, headers)

    def post(self, path: str, body: dict, status: int = 200) -> dict:
        return self.expect("POST", path, body, status, {})

    def get(self, path: str, status: int = 200) -> dict:
        return self.expect("GET", path, None, status, {})

    def expect(self, method: str, path: str, body, status: int, headers: dict) -> dict:
        answer = self.till.call(method, path, body, headers)
        assert answer.status == status, f"{method} {path}: {answer.status} {answer.body}"
        return answer.body

    def hear_events(self) -> str:
        """A queue that a rule of the bus brings every event to, as a consumer's would."""
        url = self.sqs.create_queue(QueueName="heard")["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        allow = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": arn}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        self.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
        events, bus = self.stack.client("events"), self.stack.outputs["EventBusName"]
        events.put_rule(Name="all", EventBusName=bus, EventPattern=json.dumps({"source": ["scrip"]}))
        events.put_targets(Rule="all", EventBusName=bus, Targets=[{"Id": "heard", "Arn": arn}])
        return url

    def messages(self, url: str) -> list[dict]:
        taken = self.sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1, MessageAttributeNames=["All"]
        ).get("Messages", [])
        for message in taken:
            self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return taken

    def due_marker(self, job: str, account: str) -> dict:
        """The marker of an account in an hour that scheduled runs look at: waiting for one would take an hour."""
        hour = datetime.now(timezone.utc) - timedelta(hours=2)
        shard = hashlib.sha256(account.encode()).digest()[0] % SHARDS
        key = {"pk": {"S": f"DUE#{job}#{shard:02}"}, "sk": {"S": f"{hour:%Y-%m-%dT%H}#{account}"}}
        self.dynamodb.put_item(TableName=self.table, Item=key)
        return key

    def scrip(self, *words: str) -> subprocess.CompletedProcess:
        """The `scrip` command, as the tests built it, with this AWS for its AWS."""
        target = Path(os.environ.get("CARGO_TARGET_DIR", self.stack.root / "target"))
        environment = {
            **os.environ,
            "AWS_ENDPOINT_URL": self.stack.endpoint,
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": ROOT_KEY,
            "AWS_SECRET_ACCESS_KEY": ROOT_SECRET,
        }
        return subprocess.run([target / "debug" / "scrip", *words], env=environment, capture_output=True, text=True)

    def role_of(self, function: str) -> str:
        logical = "".join(word.capitalize() for word in function.split("-")) + "FunctionRole"
        cloudformation = self.stack.client("cloudformation")
        resource = cloudformation.describe_stack_resource(StackName=NAME, LogicalResourceId=logical)
        return resource["StackResourceDetail"]["PhysicalResourceId"]

    # The checks

    def calls_are_signed_and_allowed_route_by_route(self) -> None:
        """An unsigned call is refused, and so is a signed one of a caller whose policy has not the route."""
        assert Caller(self.stack, signs=False).call("GET", "/v1/program").status == 403
        iam = self.stack.client("iam")
        iam.create_user(UserName="reader")
        invoke = f"arn:aws:execute-api:{REGION}:*:*/$default/GET/v1/*"
        statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": invoke}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName="reader", PolicyName="read", PolicyDocument=policy)
        key = iam.create_access_key(UserName="reader")["AccessKey"]
        reader = Caller(self.stack, key["AccessKeyId"], key["SecretAccessKey"])
        assert reader.call("GET", "/v1/program").status == 200
        assert reader.call("PUT", "/v1/members/rita", {"birth_month": 2}).status == 403
        forged = Caller(self.stack, key["AccessKeyId"], "forged")
        assert forged.call("GET", "/v1/program").status == 403

    def walk_through_of_the_readme(self) -> None:
        """A purchase counts once; a checkout holds, captures and refunds; every line is there."""
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        line = {"id": "1", "sku": "SHIRT", "category": "apparel", "quantity": 1, "net": "59.95"}
        purchase = {"currency": "AUD", "transacted_at": now, "lines": [line]}
        path = "/v1/members/alice/purchases/1000234"
        first = self.put(path, purchase)
        assert first["earned"][0]["amount"] == 59, first
        again = self.till.call("PUT", path, purchase)
        assert (again.status, again.body) == (200, first), again
        assert again.headers["idempotency-replayed"] == "true"
        # Points of a survey can be spent at once: nobody can move the clock of AWS by two weeks.
        self.put("/v1/members/alice/awards/spring", {"points": "survey", "amount": 500, "reason": "spring"})
        basket = {
            "currency": "AUD",
            "hold": True,
            "lines": [{"id": "1", "sku": "SOCKS", "quantity": 1, "amount": "12.00"}],
            "use": {"points": {"definition": "survey", "amount": 500}},
        }
        held = self.put("/v1/members/alice/redemptions/basket-77", basket)
        assert (held["status"], held["due"]) == ("held", "7.00"), held
        captured = self.post("/v1/members/alice/redemptions/basket-77/capture", {})
        assert captured["status"] == "captured", captured
        back = {"lines": [{"id": "1", "amount": "12.00"}]}
        refund = self.put("/v1/members/alice/redemptions/basket-77/refunds/r1", back)
        assert refund["external"] == "7.00", refund
        entries = self.get("/v1/members/alice/entries")["entries"]
        assert [entry["kind"] for entry in entries] == ["refund", "capture", "redemption", "award", "purchase"]
        self.get("/v1/members/nobody", 404)

    def gift_card_from_sale_to_claim(self) -> None:
        """Number and PIN come from the ring in Secrets Manager, which may be rotated meanwhile."""
        sale = {"gift_card": "standard", "amount": "50.00"}
        card = self.put("/v1/members/gus/gift-cards/birthday", sale)
        presented = {"number": card["number"], "pin": card["pin"]}
        wrong = {"number": card["number"], "pin": "0" if card["pin"] != "0" else "1"}
        assert self.post("/v1/gift-cards/balance", wrong, 403)["code"] == "gift_card_refused"
        assert self.post("/v1/gift-cards/balance", presented)["amount"] == "50.00"
        secrets, ring = self.stack.client("secretsmanager"), self.stack.outputs["KeyRingArn"]
        keys = lambda: json.loads(secrets.get_secret_value(SecretId=ring)["SecretString"])
        seeded = keys()
        assert list(seeded) == ["current", "1"] and len(seeded["1"]) == 64, seeded.keys()
        with ThreadPoolExecutor() as pool:
            runs = list(pool.map(lambda _: self.scrip("keys", "rotate", "--secret", ring), range(3)))
        rotated = sum(run.returncode == 0 for run in runs)
        assert 1 <= rotated, runs
        assert len(keys()) == 2 + rotated and keys()["1"] == seeded["1"], "no key is lost"
        again = self.till.call("PUT", "/v1/members/gus/gift-cards/birthday", sale)
        assert (again.status, again.body) == (200, card), "the PIN is what it was"
        spent = {**presented, "amount": "20.00", "currency": "AUD"}
        self.put("/v1/gift-card-redemptions/kiosk-1", spent)
        claim = self.post("/v1/members/hana/claims", presented, 201)
        assert claim["amount"] == "30.00", claim
        self.post("/v1/members/ines/claims", presented, 409)

    def orders_over_the_queue(self) -> None:
        """Orders and their returns are applied; a poisoned message is in quarantine with its reason."""
        at = datetime.now(timezone.utc) - timedelta(minutes=5)
        orders = [
            {
                "type": "order.completed", "version": 1, "member": f"queue-{number}", "order": f"Q-{number}",
                "currency": "AUD", "transacted_at": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "lines": [{"id": "1", "net": "100.00"}],
            }
            for number in range(20)
        ]
        poison = "{not an order"
        url = self.stack.outputs["OrderQueueUrl"]
        for order in [*orders, *orders[:5]]:
            self.sqs.send_message(QueueUrl=url, MessageBody=json.dumps(order), MessageGroupId=order["member"])
        self.sqs.send_message(QueueUrl=url, MessageBody=poison, MessageGroupId="poison")
        pending = lambda number: self.till.call("GET", f"/v1/members/queue-{number}").body.get("points", [{}])[0].get("pending")
        until("all orders are applied", lambda: all(pending(number) == 100 for number in range(20)))
        quarantine = self.stack.outputs["QuarantineQueueUrl"]
        found = until("the poison is in quarantine", lambda: self.messages(quarantine))
        assert [message["Body"] for message in found] == [poison], found
        assert found[0]["MessageAttributes"]["code"]["StringValue"] == "invalid_request"
        back = {
            "type": "order.returned", "version": 1, "order": "Q-0", "return": "R-0",
            "returned_at": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "lines": [{"id": "1", "net": "40.00"}],
        }
        self.sqs.send_message(QueueUrl=url, MessageBody=json.dumps(back), MessageGroupId="Q-0")
        until("the return is applied", lambda: pending(0) == 60)
        counts = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        left = lambda: self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=counts)["Attributes"]
        until("the queue is empty", lambda: all(left()[count] == "0" for count in counts))

    def schedules_expire_and_revert(self) -> None:
        """Both scheduled jobs run, write down what is due, and finish the marker."""
        soon = (datetime.now(timezone.utc) + timedelta(seconds=3)).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.put("/v1/members/eric/credits/c1", {"credit": "store", "amount": "5.00", "reason": "soon gone", "expires_at": soon})
        card = self.put("/v1/members/rosa/gift-cards/g1", {"gift_card": "standard", "amount": "25.00", "revert_at": soon})
        time.sleep(4)
        markers = [self.due_marker("expire", "MEMBER#eric"), self.due_marker("revert", f"CARD#{card['number']}")]
        left = lambda key: self.dynamodb.get_item(TableName=self.table, Key=key, ConsistentRead=True).get("Item")
        until("both jobs have run", lambda: not any(left(key) for key in markers))
        assert [entry["kind"] for entry in self.get("/v1/members/eric/entries")["entries"]] == ["settlement", "issue"]
        credit = self.get("/v1/members/rosa")["credits"][0]
        assert (credit["available"], credit["kind"]) == ("25.00", "gift_card"), credit
        presented = {"number": card["number"], "pin": card["pin"]}
        assert self.post("/v1/members/zoe/claims", presented, 409)["gift_card_status"] == "reverted"

    def events_are_on_the_bus(self) -> None:
        """Every line is on the bus within seconds, a card without its number."""
        wanted = {
            "points.issued", "points.redeemed", "points.reversed", "redemption.held", "redemption.captured",
            "redemption.refunded", "gift_card.issued", "gift_card.claimed", "gift_card.reverted",
            "credit.issued", "credit.expired",
        }
        heard = []

        def all_heard() -> bool:
            heard.extend(json.loads(message["Body"]) for message in self.messages(self.heard_url))
            return wanted <= {event["detail-type"] for event in heard}

        until("the events are there", all_heard)
        assert {event["source"] for event in heard} == {"scrip"}
        cards = [event["detail"]["account"] for event in heard if event["detail-type"].startswith("gift_card.")]
        assert cards and all("/" in account for account in cards), cards
        for queue in ["OrderDeadLettersUrl", "QuarantineQueueUrl"]:
            assert not self.messages(self.stack.outputs[queue]), queue

    def functions_may_do_what_they_need_and_no_more(self) -> None:
        """Each function has a role of its own, which this AWS enforces: a reader cannot write."""
        lambda_, sts = self.stack.client("lambda"), self.stack.client("sts")
        roles = {self.role_of(function) for function in FUNCTIONS}
        assert len(roles) == len(FUNCTIONS)
        names = [function["FunctionName"] for function in lambda_.list_functions()["Functions"]]
        assert len(names) == len(FUNCTIONS), names
        assert all(lambda_.get_alias(FunctionName=name, Name="live") for name in names)
        account = sts.get_caller_identity()["Account"]

        def as_role(function: str):
            arn = f"arn:aws:iam::{account}:role/{self.role_of(function)}"
            given = sts.assume_role(RoleArn=arn, RoleSessionName="probe")["Credentials"]
            return self.stack.client("dynamodb", given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])

        key = {"pk": {"S": "MEMBER#alice"}, "sk": {"S": "E#000000000001"}}
        assert as_role("wallet").get_item(TableName=self.table, Key=key)["Item"]
        for function, call in [
            ("wallet", lambda client: client.put_item(TableName=self.table, Item=key)),
            ("earn", lambda client: client.delete_item(TableName=self.table, Key=key)),
            ("earn", lambda client: client.scan(TableName=self.table)),
            ("publish", lambda client: client.get_item(TableName=self.table, Key=key)),
        ]:
            try:
                call(as_role(function))
            except ClientError as refused:
                assert refused.response["Error"]["Code"] == "AccessDeniedException", refused
            else:
                raise AssertionError(f"{function} may do what it should not")

    def table_alarms_and_logs_are_as_declared(self) -> None:
        """The table is protected, every function has its alarm, and the functions' metrics are in the log."""
        table = self.dynamodb.describe_table(TableName=self.table)["Table"]
        assert table["DeletionProtectionEnabled"], table
        assert table["StreamSpecification"]["StreamViewType"] == "NEW_IMAGE", table
        alarms = self.stack.client("cloudwatch").describe_alarms()["MetricAlarms"]
        watched = [
            dimension["Value"]
            for alarm in alarms
            if alarm["MetricName"] == "Errors"
            for dimension in alarm["Dimensions"]
        ]
        assert len(watched) == len(FUNCTIONS), watched
        topic = self.stack.outputs["AlarmTopicArn"]
        assert [alarm["AlarmName"] for alarm in alarms if alarm["AlarmActions"] != [topic]] == []
        logs, group = self.stack.client("logs"), f"/scrip/{NAME}/functions"
        lines = [event["message"] for event in logs.filter_log_events(logGroupName=group)["events"]]
        metrics = [json.loads(line) for line in lines if line.startswith('{"_aws"')]
        kinds = {(line.get("kind"), line.get("outcome")) for line in metrics}
        assert {("purchase", "written"), ("purchase", "replayed"), ("settlement", "written")} <= kinds, kinds
        assert "alice" not in "".join(lines), "no member is in the log"

    def commands_work_on_the_table(self) -> None:
        """What the other checks left in the table is sound, and the commands find it there."""
        for words in [("due",), ("sweep", "expire", "--dry-run"), ("verify",)]:
            ended = self.scrip(*words, "--table", self.table)
            assert ended.returncode == 0, ended

    def run(self) -> int:
        failed = []
        self.put("/v1/program", json.loads((self.stack.root / SAMPLE).read_text()), 201, **{"If-None-Match": "*"})
        checks = [
            self.calls_are_signed_and_allowed_route_by_route,
            self.walk_through_of_the_readme,
            self.gift_card_from_sale_to_claim,
            self.orders_over_the_queue,
            self.schedules_expire_and_revert,
            self.events_are_on_the_bus,
            self.functions_may_do_what_they_need_and_no_more,
            self.table_alarms_and_logs_are_as_declared,
            self.commands_work_on_the_table,
        ]
        for check in checks:
            started = time.monotonic()
            try:
                check()
                outcome = "ok"
            except Exception:  # whatever it is, the others still run
                failed.append(check)
                outcome = f"FAILED\n{traceback.format_exc()}"
            seconds = time.monotonic() - started
            print(f"test {check.__name__} ... {outcome} ({seconds:.1f} s)", flush=True)
        print(f"{len(checks) - len(failed)} passed, {len(failed)} failed")
        return len(failed)


def until(what: str, holds):
    """Waits until something holds, and returns it."""
    give_up = time.monotonic() + SECONDS_MAX
    while not (found := holds()):
        if give_up < time.monotonic():
            raise AssertionError(f"after {SECONDS_MAX} s it is not so that {what}")
        time.sleep(0.5)
    return found
