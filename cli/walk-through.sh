scrip=http://127.0.0.1:9000
now=$(date -u +%Y-%m-%dT%H:%M:%SZ)

# A purchase earns points, which can be spent in two weeks. Send it twice: it counts once.
curl -sX PUT $scrip/v1/members/alice/purchases/1000234 -d '{"currency": "AUD", "transacted_at": "'$now'",
  "lines": [{"id": "1", "sku": "SHIRT", "category": "apparel", "quantity": 1, "net": "59.95"}]}'; echo

# Two weeks later they are available.
curl -s $scrip/v1/members/alice; echo
curl -sX POST $scrip/_local/clock -d '{"advance": "P15D"}'; echo
curl -s $scrip/v1/members/alice; echo

# A checkout holds 50 of them as 0.50 off a basket, and captures when the customer has paid.
curl -sX PUT $scrip/v1/members/alice/redemptions/basket-77 -d '{"currency": "AUD", "hold": true,
  "lines": [{"id": "1", "sku": "SOCKS", "quantity": 1, "amount": "12.00"}],
  "use": {"points": {"definition": "reward", "amount": 50}}}'; echo
curl -sX POST $scrip/v1/members/alice/redemptions/basket-77/capture -d '{}'; echo

# Every line of the passbook, newest first, and what it all cost in DynamoDB units.
curl -s $scrip/v1/members/alice/entries; echo
curl -s $scrip/_local/capacity; echo
