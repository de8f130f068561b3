-- One month of the audit log: a table of its own, as the shop's first version partitioned it.

CREATE TABLE $audit (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    employee_id INT UNSIGNED NULL,
    action VARCHAR(40) NOT NULL,
    subject VARCHAR(80) NULL,
    details JSON NULL,
    happened_at DATETIME(6) NOT NULL,
    KEY (happened_at)
);

INSERT INTO $audit (employee_id, action, subject, details, happened_at)
SELECT
    IF(r1 % 9 = 0, NULL, 1 + r1 % $employees),
    ELT(1 + r2 % 5, 'login', 'logout', 'change', 'export', 'delete'),
    CONCAT(ELT(1 + r3 % 4, 'order', 'invoice', 'customer', 'product'), ' ', 1 + r4 % 100000),
    IF(r2 % 3 = 0, NULL, JSON_OBJECT('ip', CONCAT('10.0.', r1 % 256, '.', r3 % 256), 'ok', r4 % 2 = 0)),
    '$month-01' + INTERVAL (n * 2400000000000) DIV $audit_rows MICROSECOND
FROM numbers WHERE n <= $audit_rows;
