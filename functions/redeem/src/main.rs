//! The Lambda function `redeem`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    scrip_edge::run::<scrip_redeem::Redeem>().await
}
