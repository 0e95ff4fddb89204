//! The Lambda function `wallet`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    scrip_edge::run::<scrip_wallet::Wallet>().await
}
