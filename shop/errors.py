"""What can go wrong in the shop."""

from django.utils.translation import gettext_lazy as _

from config.errors import Conflict, Invalid, Missing, Unavailable


class ItemsUnavailable(Invalid):
    """Some products do not exist or are too few; `errors` names each line. Nothing was taken."""

    code = "items_unavailable"
    field = "items"
    detail = _("Some of the items cannot be had. Nothing was ordered.")


class MixedCurrencies(Invalid):
    code = "mixed_currencies"
    field = "items"
    detail = _("The products of one order must have the same currency.")


class PriceFraction(Invalid):
    code = "price_fraction"
    field = "price"
    constraint = "product_price_in_units"
    detail = _("This currency has no smaller unit.")


class NotEnoughStock(Conflict):
    """The stock would fall below zero."""

    code = "not_enough_stock"
    constraint = "product_amount_not_negative"
    detail = _("There are not so many in stock.")


class StockChangeRefused(Invalid):
    code = "stock_change_refused"
    field = "change"
    detail = _("A delivery adds to the stock; a correction adds or takes; nothing else is done by hand.")


class OrderFinal(Conflict):
    """A completed or canceled order stays so."""

    code = "illegal_transition"
    constraint = "order_status_final"
    detail = _("The order was completed or canceled before.")


class BuyerGone(Missing):
    """The account was closed while it ordered."""


class VoucherRefused(Invalid):
    """The voucher does not exist, or does not hold now."""

    code = "voucher_invalid"
    field = "voucher"
    detail = _("This voucher is not valid.")


class VoucherUsedUp(VoucherRefused):
    code = "voucher_used_up"
    constraint = "voucher_uses_of_all"
    detail = _("This voucher is used up.")


class VoucherUsedTooOften(VoucherRefused):
    code = "voucher_used"
    constraint = "voucher_uses_per_user"
    detail = _("You have used this voucher before.")


class VoucherCurrency(VoucherRefused):
    code = "voucher_currency"
    detail = _("This voucher is for another currency.")


class VoucherCodeTaken(Invalid):
    code = "unique"
    field = "code"
    constraint = "shop_voucher_code_key"
    detail = _("There is a voucher with this code already.")


class CategoryNameTaken(Invalid):
    code = "unique"
    field = "name"
    constraint = "shop_category_name_key"
    detail = _("There is a category with this name already.")


class CategoryGone(Invalid):
    """Somebody deleted the category meanwhile."""

    code = "does_not_exist"
    field = "category"
    constraint = "shop_product_category_id_14d7eea8_fk_shop_category_id"
    detail = _("There is no such category.")


class NotEnoughCredits(Conflict):
    """The student has fewer credits than the booking costs."""

    code = "not_enough_credits"
    detail = _("There are not enough lesson credits for this.")


class PictureRefused(Invalid):
    code = "picture_refused"
    field = "picture"
    detail = _("Send a JPEG, PNG, GIF or WebP picture.")


class PaymentUnderWay(Conflict):
    """The order is being paid, or was."""

    code = "payment_exists"
    constraint = "payment_one_live"
    detail = _("A payment of this order is under way or done.")


class NothingToPay(Conflict):
    code = "nothing_to_pay"
    detail = _("There is nothing to pay for this order.")


class PaymentSettled(Conflict):
    code = "payment_settled"
    detail = _("The payment was settled before.")


class ProviderUnavailable(Unavailable):
    """The payment provider did not answer, or refused."""

    code = "payment_provider_unavailable"
    detail = _("The payment service does not answer. Try again later.")


class SignatureInvalid(Invalid):
    """A webhook that does not come from the provider, is too old, or was changed on its way."""

    code = "invalid_signature"
    detail = _("The signature is not valid.")
