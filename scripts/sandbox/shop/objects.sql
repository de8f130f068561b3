-- What is not a table: made after the rows, so that no trigger writes while they are filled in.

CREATE VIEW overdue_invoices AS
SELECT invoices.id, invoices.number, invoices.due_on, orders.customer_id
FROM invoices JOIN orders ON orders.id = invoices.order_id LEFT JOIN payments ON payments.invoice_id = invoices.id
WHERE payments.id IS NULL AND invoices.due_on < '2026-01-01';

-- a view on a view, and its name comes first
CREATE VIEW debtors AS
SELECT customers.id, customers.display_name, COUNT(*) AS invoices
FROM overdue_invoices JOIN customers ON customers.id = overdue_invoices.customer_id
GROUP BY customers.id, customers.display_name;

CREATE SQL SECURITY INVOKER VIEW active_products AS
SELECT id, sku, name, price FROM products WHERE status = 'active' WITH CASCADED CHECK OPTION;

CREATE FUNCTION order_total(wanted BIGINT UNSIGNED) RETURNS DECIMAL(20,4)
    READS SQL DATA
    COMMENT 'the sum of an order''s lines'
    RETURN (SELECT SUM(amount) FROM order_lines WHERE order_id = wanted);

CREATE PROCEDURE recalculate_totals(IN first_id BIGINT UNSIGNED, IN last_id BIGINT UNSIGNED, OUT changed INT)
    MODIFIES SQL DATA
BEGIN
    UPDATE orders SET total = order_total(id) WHERE id BETWEEN first_id AND last_id;
    SET changed = ROW_COUNT();
END;

CREATE TRIGGER orders_logged AFTER UPDATE ON orders FOR EACH ROW
BEGIN
    IF NOT (NEW.status <=> OLD.status) THEN
        INSERT INTO change_log (changed_at, what, details)
        VALUES (NOW(6), CONCAT('order ', NEW.id), JSON_OBJECT('from', OLD.status, 'to', NEW.status));
    END IF;
END;

CREATE TRIGGER products_sku BEFORE INSERT ON products FOR EACH ROW SET NEW.sku = UPPER(TRIM(NEW.sku));

CREATE TRIGGER products_priced AFTER UPDATE ON products FOR EACH ROW
    INSERT INTO change_log (changed_at, what) VALUES (NOW(6), CONCAT('product ', NEW.id));

CREATE EVENT forget_login_attempts
    ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 03:00:00'
    COMMENT 'keeps thirty days'
    DO DELETE FROM login_attempts WHERE attempted_at < NOW() - INTERVAL 30 DAY;
