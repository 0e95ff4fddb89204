//! The Lambda function `ingest`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    scrip_ingest::run().await
}
