//! The table, defined once.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::create_table::CreateTableError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, LocalSecondaryIndex, Projection,
    ProjectionType, ScalarAttributeType,
};

use crate::StoreError;
use crate::client::Boxed;

/// The local secondary index that finds operations by name.
pub const INDEX: &str = "by_operation";

/// The partition key: an account, an order, a shard of markers, or the program.
pub(crate) const PARTITION: &str = "pk";
/// The sort key.
pub(crate) const SORT: &str = "sk";
/// The sort key of [`INDEX`]: the operation's name.
pub(crate) const OPERATION: &str = "op";

/// Creates the table, unless there is one of this name. Only for a local stack and tests: a
/// deployment's table is made by its template, and has a stream, too. Here it would make the
/// embedded database read all that it has streamed before every write.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn create_table(client: &Client, table: &str) -> Result<(), StoreError> {
    let mut request = client
        .create_table()
        .table_name(table)
        .billing_mode(BillingMode::PayPerRequest)
        .set_key_schema(Some(key_schema(SORT)?))
        .local_secondary_indexes(operations_index()?);
    for name in [PARTITION, SORT, OPERATION] {
        let attribute = AttributeDefinition::builder()
            .attribute_name(name)
            .attribute_type(ScalarAttributeType::S)
            .build();
        request = request.attribute_definitions(attribute.map_err(|error| incomplete(&error))?);
    }
    match request.send().boxed().await {
        Ok(_) => Ok(()),
        Err(error)
            if error
                .as_service_error()
                .is_some_and(CreateTableError::is_resource_in_use_exception) =>
        {
            Ok(())
        }
        Err(error) => Err(StoreError::from_sdk("CreateTable", &error)),
    }
}

fn operations_index() -> Result<LocalSecondaryIndex, StoreError> {
    LocalSecondaryIndex::builder()
        .index_name(INDEX)
        .set_key_schema(Some(key_schema(OPERATION)?))
        .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build())
        .build()
        .map_err(|error| incomplete(&error))
}

fn key_schema(sort: &str) -> Result<Vec<KeySchemaElement>, StoreError> {
    let element = |name: &str, kind| {
        let element = KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
        element.map_err(|error| incomplete(&error))
    };
    Ok(vec![element(PARTITION, KeyType::Hash)?, element(sort, KeyType::Range)?])
}

fn incomplete(error: &aws_sdk_dynamodb::error::BuildError) -> StoreError {
    StoreError::Unavailable { call: "CreateTable", detail: error.to_string() }
}
