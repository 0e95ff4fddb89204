//! What becomes of rewards, benefits and credits besides being spent (DESIGN 5.7 to 5.9).

use super::Draft;
use crate::amount::Units;
use crate::asset::{Asset, Kind};
use crate::id::LotId;
use crate::time::Instant;
use crate::wallet::Lot;

impl Draft {
    /// Takes back what remains of a reward, benefit or credit; what a hold has set aside follows
    /// when it comes back. Returns how much was taken, `None` when there is no such lot.
    pub(crate) fn void(&mut self, kind: Kind, id: &LotId) -> Option<Units> {
        let lot = self.lot_mut(kind, id)?;
        let remaining = lot.remaining;
        if let Some(identity) = &mut lot.identity {
            identity.is_voided = true;
        }
        self.settle();
        Some(remaining)
    }

    /// Puts off the expiry of a reward, benefit or credit.
    pub(crate) fn extend(&mut self, kind: Kind, id: &LotId, expires_at: Instant) {
        let asset = self.wallet.lot(kind, id).map(|(asset, _)| asset.clone());
        let Some(asset) = asset else { return };
        self.set_expiry(&asset, id, Some(expires_at));
        if let Some(identity) = self.lot_mut(kind, id).and_then(|lot| lot.identity.as_mut()) {
            identity.is_extended = true;
        }
    }

    /// Changes the expiry of what has an id, and of what holds have set aside of it.
    pub(super) fn set_expiry(&mut self, asset: &Asset, id: &LotId, expires_at: Option<Instant>) {
        let Some(holding) = self.wallet.assets.get_mut(asset) else { return };
        let place = holding.lots.iter().position(|lot| lot.id() == Some(id));
        let Some(mut lot) = place.map(|place| holding.lots.remove(place)) else { return };
        lot.expires_at = expires_at;
        holding.put(lot);
        let draws = self.wallet.holds.iter_mut().flat_map(|hold| &mut hold.draws);
        let held = draws.filter(|draw| draw.asset == *asset).flat_map(|draw| &mut draw.lots);
        for drawn in held.filter(|drawn| drawn.id.as_ref() == Some(id)) {
            drawn.expires_at = expires_at;
        }
    }

    fn lot_mut(&mut self, kind: Kind, id: &LotId) -> Option<&mut Lot> {
        let of_kind = self.wallet.assets.iter_mut().filter(|(asset, _)| asset.kind() == Some(kind));
        let mut lots = of_kind.flat_map(|(_, holding)| &mut holding.lots);
        lots.find(|lot| lot.id() == Some(id))
    }
}
