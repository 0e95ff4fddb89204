//! The least that a function on the same runtime, client and store can be: it makes as many calls as
//! it is told, with the items that the function writes, and nothing else. What a function of the
//! product takes longer is its own work.
//!
//! `benches/start/probe.cjs` and `benches/start/probe.py` are the same on other runtimes.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Builder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use scrip_edge::aws;
use scrip_store::client_config;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// What to do.
#[derive(Deserialize)]
struct Calls {
    /// Where.
    partition: String,
    /// Of the first item to be written.
    number: u64,
    /// Queries: every other one of the newest item, the others of the index.
    reads: usize,
    /// Items put where there are none, after all reads.
    writes: usize,
    /// Queries under way at once.
    at_once: usize,
}

struct Probe {
    client: Client,
    table: String,
    /// What is put, one after the other, under keys of the probe's own.
    items: Vec<HashMap<String, AttributeValue>>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let client = Client::from_conf(client_config(Builder::from(&aws().await)));
    let items: Vec<serde_dynamo::Item> = serde_json::from_str(&std::env::var("PROBE_ITEMS")?)?;
    let items = items.into_iter().map(Into::into).collect();
    let probe = Arc::new(Probe { client, table: std::env::var("SCRIP_TABLE")?, items });
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Calls>| {
        let probe = Arc::clone(&probe);
        async move { probe.make(Arc::new(event.payload)).await }
    }))
    .await
}

impl Probe {
    async fn make(self: Arc<Self>, calls: Arc<Calls>) -> Result<Value, Error> {
        let mut queues = JoinSet::new();
        for queue in 0..calls.at_once {
            let (probe, calls) = (Arc::clone(&self), Arc::clone(&calls));
            queues.spawn(async move {
                for read in (queue..calls.reads).step_by(calls.at_once) {
                    if read % 2 == 0 {
                        probe.newest(&calls).await?;
                    } else {
                        probe.operation(&calls).await?;
                    }
                }
                Ok::<_, Error>(())
            });
        }
        while let Some(ended) = queues.join_next().await {
            ended??;
        }
        for (number, item) in (calls.number..).zip(self.items.iter().cycle()).take(calls.writes) {
            self.put(&calls, number, item.clone()).await?;
        }
        Ok(json!({"reads": calls.reads, "writes": calls.writes}))
    }

    async fn newest(&self, calls: &Calls) -> Result<(), Error> {
        self.client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .key_condition_expression("#pk = :pk AND begins_with(#sk, :sk)")
            .expression_attribute_names("#pk", "pk")
            .expression_attribute_names("#sk", "sk")
            .expression_attribute_values(":pk", AttributeValue::S(calls.partition.clone()))
            .expression_attribute_values(":sk", AttributeValue::S("E#".to_owned()))
            .scan_index_forward(false)
            .limit(1)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        Ok(())
    }

    async fn operation(&self, calls: &Calls) -> Result<(), Error> {
        self.client
            .query()
            .table_name(&self.table)
            .index_name("by_operation")
            .consistent_read(true)
            .key_condition_expression("#pk = :pk AND #op = :op")
            .expression_attribute_names("#pk", "pk")
            .expression_attribute_names("#op", "op")
            .expression_attribute_values(":pk", AttributeValue::S(calls.partition.clone()))
            .expression_attribute_values(":op", AttributeValue::S(format!("OP#{}#", calls.number)))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        Ok(())
    }

    async fn put(
        &self,
        calls: &Calls,
        number: u64,
        item: HashMap<String, AttributeValue>,
    ) -> Result<(), Error> {
        self.client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .item("pk", AttributeValue::S(calls.partition.clone()))
            .item("sk", AttributeValue::S(format!("E#{number:012}")))
            .item("op", AttributeValue::S(format!("OP#{number}#")))
            .condition_expression("attribute_not_exists(#pk)")
            .expression_attribute_names("#pk", "pk")
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        Ok(())
    }
}
