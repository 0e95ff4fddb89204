//! The Lambda function `revert`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    scrip_edge::run_sweep::<scrip_revert::Revert>().await
}
