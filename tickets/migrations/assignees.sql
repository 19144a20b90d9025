-- Who is support no longer has no tickets to see to: open ones are everybody's again, in the transaction of whoever demotes,
-- deactivates or closes the account. Closed ones keep who saw to them. The trigger is here, as accounts know nothing of tickets.
CREATE FUNCTION tickets_give_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE tickets_ticket SET assignee_id = NULL WHERE assignee_id = NEW.id AND status <> 'c';
    RETURN NULL;
END $$;

CREATE TRIGGER tickets_give_back AFTER UPDATE OF is_staff, is_active ON accounts_user FOR EACH ROW
WHEN (OLD.is_staff AND OLD.is_active AND NOT (NEW.is_staff AND NEW.is_active)) EXECUTE FUNCTION tickets_give_back();
