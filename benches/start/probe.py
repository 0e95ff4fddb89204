"""What benches/src/bin/probe.rs does, in Python: a plain loop on Lambda's Runtime API, and the calls."""

import base64
import json
import os
from concurrent.futures import ThreadPoolExecutor
from urllib.request import Request, urlopen

import boto3
from botocore.config import Config

AT_ONCE_MAX = 16
REGION = os.environ["AWS_REGION"]
CLIENT = boto3.client("dynamodb", REGION, config=Config(max_pool_connections=AT_ONCE_MAX))
# What is put, one after the other, under keys of the probe's own. The SDK takes bytes as bytes.
ITEMS = json.loads(
    os.environ["PROBE_ITEMS"],
    object_hook=lambda it: {"B": base64.b64decode(it["B"])} if list(it) == ["B"] else it,
)
TABLE = os.environ["SCRIP_TABLE"]
API = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation"


def newest(calls):
    CLIENT.query(
        TableName=TABLE,
        ConsistentRead=True,
        KeyConditionExpression="#pk = :pk AND begins_with(#sk, :sk)",
        ExpressionAttributeNames={"#pk": "pk", "#sk": "sk"},
        ExpressionAttributeValues={":pk": {"S": calls["partition"]}, ":sk": {"S": "E#"}},
        ScanIndexForward=False,
        Limit=1,
    )


def operation(calls):
    CLIENT.query(
        TableName=TABLE,
        IndexName="by_operation",
        ConsistentRead=True,
        KeyConditionExpression="#pk = :pk AND #op = :op",
        ExpressionAttributeNames={"#pk": "pk", "#op": "op"},
        ExpressionAttributeValues={
            ":pk": {"S": calls["partition"]},
            ":op": {"S": f"OP#{calls['number']}#"},
        },
    )


def put(calls, number, item):
    CLIENT.put_item(
        TableName=TABLE,
        Item={
            **item,
            "pk": {"S": calls["partition"]},
            "sk": {"S": f"E#{number:012}"},
            "op": {"S": f"OP#{number}#"},
        },
        ConditionExpression="attribute_not_exists(#pk)",
        ExpressionAttributeNames={"#pk": "pk"},
    )


def make(calls):
    def queue(first):
        for read in range(first, calls["reads"], calls["at_once"]):
            (newest if read % 2 == 0 else operation)(calls)

    if calls["at_once"] == 1:
        queue(0)
    else:
        with ThreadPoolExecutor(calls["at_once"]) as pool:
            list(pool.map(queue, range(calls["at_once"])))
    for write in range(calls["writes"]):
        put(calls, calls["number"] + write, ITEMS[write % len(ITEMS)])
    return {"reads": calls["reads"], "writes": calls["writes"]}


def tell(path, answer):
    with urlopen(Request(f"{API}/{path}", data=json.dumps(answer).encode(), method="POST")):
        pass


def main():
    while True:
        with urlopen(f"{API}/next") as response:
            request_id = response.headers["lambda-runtime-aws-request-id"]
            calls = json.load(response)
        try:
            tell(f"{request_id}/response", make(calls))
        except Exception as error:  # whatever it is, the harness ends with it
            tell(f"{request_id}/error", {"errorMessage": repr(error)})


if __name__ == "__main__":
    main()
