"""What is sold, in the hands of administrators."""

from django.db import transaction
from django.db.models import ProtectedError

from config.errors import Missing, NotAllowed, named_constraints
from config.writes import only
from shop.causes import give_cause
from shop.models import Category, Product
from shop.pictures import checked_picture, path_of_picture

_OF_A_PRODUCT = {
    "name", "description", "price", "currency", "amount", "is_active", "category", "credits", "credits_valid_days",
}  # fmt: skip


def _only_admins(by):
    if not by.is_admin:
        raise NotAllowed


def create_product(*, by, **fields):
    """Puts a product on sale; its first amount is entered as a delivery. Returns the Product.

    Raises CategoryGone where somebody deletes its category meanwhile, as does change_product.
    """
    _only_admins(by)
    only(_OF_A_PRODUCT, fields)
    with named_constraints(), transaction.atomic():
        give_cause("stock", by=by.pk)
        return Product.objects.create(**fields)


def change_product(*, by, product_id, **changes):
    """Changes a product; another `amount` is entered as a correction. Orders keep the name and price of their time."""
    _only_admins(by)
    only(_OF_A_PRODUCT, changes)
    with named_constraints(), transaction.atomic():
        product = Product.objects.select_for_update(no_key=True).filter(pk=product_id).first()
        if product is None:
            raise Missing
        for name, value in changes.items():
            setattr(product, name, value)
        give_cause("stock", by=by.pk)
        product.save(update_fields=list(changes))
    return product


def delete_product(*, by, product_id):
    """Deletes a product that was never ordered, with its stock ledger; one that was goes off sale. Returns whether it is gone."""
    _only_admins(by)
    try:
        with transaction.atomic():
            # Who was quicker has deleted it, ordered it, or given it another picture.
            product = Product.objects.select_for_update().filter(pk=product_id).first()
            if product is None:
                raise Missing
            product.delete()
    except ProtectedError:
        change_product(by=by, product_id=product_id, is_active=False)
        return False
    _delete_file(product.picture.storage, product.picture.name)
    return True


def set_picture(*, by, product_id, picture):
    """Gives a product a picture (an uploaded file) instead of the one it had. Raises PictureRefused."""
    _only_admins(by)
    _replace_picture(by, product_id, checked_picture(picture))


def remove_picture(*, by, product_id):
    """Takes a product's picture away."""
    _only_admins(by)
    _replace_picture(by, product_id, "")


def _replace_picture(by, product_id, picture):
    with transaction.atomic():
        product = Product.objects.select_for_update(no_key=True).filter(pk=product_id).first()
        if product is None:
            raise Missing
        old = product.picture.name
        product.picture = picture
        try:
            product.save(update_fields=["picture"])
        except BaseException:
            if picture:  # a full disk leaves the half of it
                product.picture.storage.delete(path_of_picture(product, picture.name))
            raise
    _delete_file(product.picture.storage, old)


def _delete_file(storage, name):
    # After the commit: a file without a row is litter, a row without its file is a broken page.
    if name:
        transaction.on_commit(lambda: storage.delete(name))


def create_category(*, by, name):
    """A new category. Raises CategoryNameTaken."""
    _only_admins(by)
    with named_constraints(), transaction.atomic():
        return Category.objects.create(name=name)


def change_category(*, by, category_id, name=None):
    """Renames a category; without a name nothing changes. Raises CategoryNameTaken and Missing."""
    _only_admins(by)
    with named_constraints(), transaction.atomic():
        category = Category.objects.filter(pk=category_id)
        if not (category.exists() if name is None else category.update(name=name)):
            raise Missing


def delete_category(*, by, category_id):
    """Deletes a category; its products stay, without one."""
    _only_admins(by)
    with transaction.atomic():
        # Orders hold several of them. The category comes after: who puts a product into it waits at the COMMIT.
        _hold(Product.objects.filter(category=category_id))
        category = Category.objects.select_for_update().filter(pk=category_id).first()
        if category is None:
            raise Missing
        category.delete()


def _hold(products):
    """Locks products in the order of docs/locking.md."""
    list(products.order_by("id").select_for_update(no_key=True).values_list("pk"))
