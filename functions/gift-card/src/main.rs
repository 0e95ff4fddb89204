//! The Lambda function `gift-card`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    scrip_edge::run::<scrip_gift_card::GiftCard>().await
}
