//! The Lambda function `credit`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    scrip_edge::run::<scrip_credit::Credit>().await
}
