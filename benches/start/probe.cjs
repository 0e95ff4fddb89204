// What benches/src/bin/probe.rs does, in Node: a plain loop on Lambda's Runtime API, and the calls.
"use strict";

const http = require("node:http");
const { DynamoDBClient, PutItemCommand, QueryCommand } = require("@aws-sdk/client-dynamodb");

const client = new DynamoDBClient({});
const TableName = process.env.SCRIP_TABLE;
const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
// What is put, one after the other, under keys of the probe's own. The SDK takes bytes as bytes.
const items = JSON.parse(process.env.PROBE_ITEMS, (name, value) =>
  name === "B" ? Buffer.from(value, "base64") : value);
const agent = new http.Agent({ keepAlive: true });

function newest({ partition }) {
  return client.send(new QueryCommand({
    TableName,
    ConsistentRead: true,
    KeyConditionExpression: "#pk = :pk AND begins_with(#sk, :sk)",
    ExpressionAttributeNames: { "#pk": "pk", "#sk": "sk" },
    ExpressionAttributeValues: { ":pk": { S: partition }, ":sk": { S: "E#" } },
    ScanIndexForward: false,
    Limit: 1,
  }));
}

function operation({ partition, number }) {
  return client.send(new QueryCommand({
    TableName,
    IndexName: "by_operation",
    ConsistentRead: true,
    KeyConditionExpression: "#pk = :pk AND #op = :op",
    ExpressionAttributeNames: { "#pk": "pk", "#op": "op" },
    ExpressionAttributeValues: { ":pk": { S: partition }, ":op": { S: `OP#${number}#` } },
  }));
}

function put({ partition }, number, item) {
  return client.send(new PutItemCommand({
    TableName,
    Item: {
      ...item,
      pk: { S: partition },
      sk: { S: `E#${String(number).padStart(12, "0")}` },
      op: { S: `OP#${number}#` },
    },
    ConditionExpression: "attribute_not_exists(#pk)",
    ExpressionAttributeNames: { "#pk": "pk" },
  }));
}

async function make(calls) {
  const queue = async (first) => {
    for (let read = first; read < calls.reads; read += calls.at_once) {
      await (read % 2 === 0 ? newest(calls) : operation(calls));
    }
  };
  await Promise.all(Array.from({ length: calls.at_once }, (_, first) => queue(first)));
  for (let write = 0; write < calls.writes; write += 1) {
    await put(calls, calls.number + write, items[write % items.length]);
  }
  return { reads: calls.reads, writes: calls.writes };
}

function ask(method, path, body) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host, port, agent, method, path }, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("end", () => resolve([response.headers, Buffer.concat(parts).toString()]));
      response.on("error", reject);
    });
    request.on("error", reject);
    request.end(body);
  });
}

async function main() {
  for (;;) {
    const [headers, event] = await ask("GET", "/2018-06-01/runtime/invocation/next");
    const id = headers["lambda-runtime-aws-request-id"];
    const path = `/2018-06-01/runtime/invocation/${id}`;
    try {
      const answer = await make(JSON.parse(event));
      await ask("POST", `${path}/response`, JSON.stringify(answer));
    } catch (error) {
      await ask("POST", `${path}/error`, JSON.stringify({ errorMessage: String(error) }));
    }
  }
}

main();
