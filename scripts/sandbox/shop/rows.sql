-- The rows of one tenant, made by the server from `numbers`: n counts from 1, r1 … r4 are random 32-bit numbers.
-- Every foreign key finds its row: the counts ($$customers, …) bound what refers to them.

INSERT INTO countries (code, name, vat) VALUES
    ('AT', 'Österreich', 0.2), ('BE', 'België', 0.21), ('BR', 'Brasil', 0.17), ('CH', 'Schweiz', 0.081),
    ('CZ', 'Česko', 0.21), ('DE', 'Deutschland', 0.19), ('DK', 'Danmark', 0.25), ('ES', 'España', 0.21),
    ('FI', 'Suomi', 0.255), ('FR', 'France', 0.2), ('GB', 'United Kingdom', 0.2), ('GR', 'Ελλάδα', 0.24),
    ('IE', 'Éire', 0.23), ('IN', 'भारत', 0.18), ('IT', 'Italia', 0.22), ('JP', '日本', 0.1),
    ('KR', '대한민국', 0.1), ('NL', 'Nederland', 0.21), ('NO', 'Norge', 0.25), ('PL', 'Polska', 0.23),
    ('PT', 'Portugal', 0.23), ('SE', 'Sverige', 0.25), ('UA', 'Україна', 0.2), ('US', 'United States', 0);

INSERT INTO currency_rates (currency, valid_on, rate, spread)
SELECT
    ELT(1 + (n - 1) % 4, 'CHF', 'GBP', 'JPY', 'USD'), '2024-01-01' + INTERVAL (n - 1) DIV 4 DAY,
    (500000000 + r1) / 3e9, IF(r2 % 5 = 0, NULL, r2 / 4e11)
FROM numbers WHERE n <= $currency_rates;

INSERT INTO settings (`key`, `value`, changed_at) VALUES
    ('theme', '{"primary": "#0a7", "dark": true}', '2025-03-30 02:30:00.000001'),
    ('Theme', '"the name differs in case only"', NULL),
    ('greeting', '"Grüß Gott 👋🏽, welcome to 𝔸lpine \\"shop\\""', '2026-01-01 00:00:00'),
    ('limits', '{"order": 99999.99, "lines": 500, "huge": 18446744073709551615}', NULL),
    ('empty', '{}', NULL), ('nothing', 'null', NULL), ('list', '[1, 2.5, "three", [], null]', NULL);

INSERT INTO `übersetzungen` (locale, `key`, `text`)
SELECT
    ELT(1 + (n - 1) % 4, 'de', 'en', 'ja', 'uk'), CONCAT('label.', (n - 1) DIV 4),
    CONCAT(ELT(1 + (n - 1) % 4, 'Größe & Maß', 'Size\tand\nmeasure', 'サイズと寸法 📏', 'Розмір'), ' ', n)
FROM numbers WHERE n <= $translations;

INSERT INTO departments (id, name, head_id)
SELECT n, ELT(n, 'Sales', 'Support', 'Purchasing', 'Warehouse', 'Finance', 'IT', 'Legal', 'Board'), n
FROM numbers WHERE n <= 8;

-- the first employee has no manager, all others one hired before them
INSERT INTO employees (
    manager_id, department_id, first_name, last_name, hired_on, born, shift_starts, salary
)
SELECT
    IF(n = 1, NULL, 1 + (n - 2) DIV 5), 1 + r1 % 8,
    ELT(1 + r2 % 16, 'Anna', 'Björn', 'Chloé', 'Dmytro', 'Eun-ji', 'Fátima', 'Giulia', 'Håkon',
        'Ines', 'Jürgen', 'Kwame', 'Łucja', 'Mei', 'Noël', 'Oksana', 'Priya'),
    ELT(1 + r3 % 16, 'Ångström', 'Bianchi', 'Çelik', 'Dvořák', 'Eriksen', 'Fernández', 'Grünwald', 'Haddad',
        'Ivanenko', 'Jönsson', 'Kowalska', 'Lefèvre', 'Müller', 'Nakamura', 'O''Brien', 'Patel'),
    '2009-01-01' + INTERVAL r4 % 6000 DAY, IF(r1 % 11 = 0, NULL, 1960 + r1 % 45),
    MAKETIME(6 + r2 % 4, r3 % 60, 0), IF(r4 % 13 = 0, NULL, 28000 + r4 % 7200000 / 100)
FROM numbers WHERE n <= $employees;

INSERT INTO suppliers (name, country_code, contact)
SELECT
    CONCAT(ELT(1 + r1 % 8, 'Nord', 'Süd', 'Alpen', 'Atlantic', 'Łódź', 'Éclair', 'Pacific', '東京'), ' Supply ', n),
    ELT(1 + r2 % 8, 'AT', 'CH', 'DE', 'FR', 'IT', 'JP', 'PL', 'US'),
    IF(r3 % 4 = 0, NULL, JSON_OBJECT('phone', CONCAT('+43 ', r3), 'mails', JSON_ARRAY('a@example.org', NULL)))
FROM numbers WHERE n <= $suppliers;

INSERT INTO categories (parent_id, name)
SELECT IF(n <= 6, NULL, 1 + (n - 7) DIV 4), CONCAT(ELT(1 + r1 % 6, 'Tea', 'Coffee', 'Tools', 'Bikes', 'Ski', 'Books'), ' ', n)
FROM numbers WHERE n <= $categories;

INSERT INTO products (
    sku, category_id, supplier_id, name, description, price, weight, rating, attributes, status, channels, flags,
    thumbnail
)
SELECT
    CONCAT('SKU-', LPAD(n, 8, '0')), 1 + r1 % $categories, IF(r2 % 10 = 0, NULL, 1 + r2 % $suppliers),
    CONCAT(ELT(1 + r3 % 8, 'Teapot 🫖', 'Rucksack', 'Skischuh', 'Café crème', 'Füller ✒️', '自転車', 'Лампа', 'Mug'), ' ', n),
    IF(r4 % 6 = 0, NULL, CONCAT('Hand made, "quoted", 100 % new\\old\n', REPEAT('solid oak and steel ', r4 % 12))),
    r1 % 9000000 / 10000, IF(r2 % 7 = 0, NULL, r2 / 1e8), IF(r3 % 5 = 0, NULL, r3 / 8.58993459e8),
    IF(r4 % 8 = 0, NULL, JSON_OBJECT(
        'color', ELT(1 + r1 % 4, 'grün', 'rouge', 'blue', '白'), 'sizes', JSON_ARRAY(r2 % 40, r3 % 40, 'XL'),
        'eco', r4 % 2 = 0, 'ratio', r1 % 1000 / 8)),
    1 + r2 % 3, r3 % 16, r4 % 1024, IF(r1 % 4 = 0, NULL, UNHEX(SHA2(r1, 512)))
FROM numbers WHERE n <= $products;

INSERT INTO price_history (product_id, valid_from, price)
SELECT 1 + (n - 1) DIV 2, IF(n % 2 = 1, '2024-01-01', '2025-07-01'), r1 % 9000000 / 10000
FROM numbers WHERE n <= $price_history;

INSERT INTO warehouses (id, country_code, name) VALUES
    (1, 'AT', 'Graz'), (2, 'DE', 'Köln'), (3, 'FR', 'Besançon'), (4, 'PL', 'Wrocław');

INSERT INTO stock_levels (warehouse_id, product_id, quantity, counted_at)
SELECT 1 + (n - 1) DIV $products, 1 + (n - 1) % $products, r1 % 20000 - 300, IF(r2 % 6 = 0, NULL, '2026-06-30 18:00:00')
FROM numbers WHERE n <= $stock_levels;

INSERT INTO stock_movements (product_id, warehouse_id, delta, reason, moved_at, remark)
SELECT
    1 + r1 % $products, 1 + r2 % 4, r3 % 2001 - 1000, 1 + r4 % 4,
    '2023-11-01' + INTERVAL (n * 90000000) DIV $stock_movements SECOND + INTERVAL r1 % 1000 * 1000 MICROSECOND,
    IF(r4 % 3 = 0, NULL, CONCAT('pallet ', r2 % 5000, ELT(1 + r3 % 4, ' ok', ' – dented', ' 📦', '')))
FROM numbers WHERE n <= $stock_movements;

INSERT INTO customers (
    public_id, loyalty_number, email, first_name, last_name, country_code, born_on, credit_limit, notes, created_at,
    seen_at
)
SELECT
    UNHEX(LEFT(SHA2(CONCAT('$tenant', n), 256), 32)), IF(r1 % 3 = 0, NULL, 18446744073709551615 - n),
    CONCAT('customer', n, '@example.org'),
    ELT(1 + r2 % 16, 'Ada', 'Bård', 'Cécile', 'Đorđe', 'Émile', 'Frida', 'Gül', 'Hana', 'Íris', 'José', 'Karel',
        'Lý', 'Mária', 'Ñusta', 'Ömer', 'Zoë'),
    ELT(1 + r3 % 16, 'Abel', 'Brontë', 'Curie', 'Dürer', 'Euler', 'Fermi', 'Gödel', 'Hopper', 'Ito', 'Jæger',
        'Kafka', 'Łukasiewicz', 'Młynarz', 'Nǐ', 'Øster', 'Poincaré'),
    ELT(1 + r4 % 12, 'AT', 'BE', 'CH', 'CZ', 'DE', 'ES', 'FR', 'GB', 'IT', 'NL', 'PL', 'US'),
    IF(r1 % 5 = 0, NULL, '1940-01-01' + INTERVAL r1 % 24000 DAY), IF(r2 % 4 = 0, NULL, r2 % 100000000 / 100),
    ELT(1 + r3 % 5, NULL, '', 'prefers e-mail ✉️', 'VIP 🥇 since ''09\r\ncall first', 'NULL'),
    '2016-01-01' + INTERVAL r4 % 340000000 SECOND + INTERVAL r1 % 1000000 MICROSECOND,
    IF(r4 % 7 = 0, NULL, '2026-01-01' + INTERVAL r3 % 20000000 SECOND)
FROM numbers WHERE n <= $customers;

INSERT INTO customer_addresses (customer_id, kind, street, city, postal_code)
SELECT
    1 + (n - 1) DIV 2, 1 + (n - 1) % 2, CONCAT(ELT(1 + r1 % 5, 'Hauptstraße', 'Rue de l''Église', 'Via Po', 'ulica Żółta', 'High St'), ' ', r2 % 300),
    ELT(1 + r3 % 6, 'Wien', 'Zürich', 'Liège', 'Kraków', 'Málaga', '大阪'), IF(r4 % 9 = 0, NULL, LPAD(r4 % 100000, 5, '0'))
FROM numbers WHERE n <= $customer_addresses;

INSERT INTO orders (customer_id, employee_id, status, ordered_at, total, instructions)
SELECT
    1 + r1 % $customers, IF(r2 % 3 = 0, NULL, 1 + r2 % $employees), 1 + r3 % 4,
    '2023-11-01' + INTERVAL (n * 90000000) DIV $orders SECOND + INTERVAL r4 % 1000000 MICROSECOND,
    IF(r3 % 4 = 0, NULL, r4 % 50000000 / 10000), IF(r4 % 5 = 0, 'Ring twice 🔔, "leave" at the door', NULL)
FROM numbers WHERE n <= $orders;

-- fifteen lines to five orders: one, two, three, four and five of them
INSERT INTO order_lines (order_id, line_no, product_id, quantity, unit_price, discount)
SELECT
    (n - 1) DIV 15 * 5 + ELT(1 + (n - 1) % 15, 1, 2, 2, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 5),
    ELT(1 + (n - 1) % 15, 1, 1, 2, 1, 2, 3, 1, 2, 3, 4, 1, 2, 3, 4, 5),
    1 + r1 % $products, 1 + r2 % 20, r3 % 9000000 / 10000, r4 % 300 / 1000
FROM numbers WHERE n <= $order_lines;

INSERT INTO invoices (order_id, number, issued_on, due_on, digest)
SELECT
    n, CONCAT('R', LPAD(n, 10, '0')), '2023-11-02' + INTERVAL (n * 1040) DIV $invoices DAY,
    IF(r1 % 8 = 0, NULL, '2023-12-02' + INTERVAL (n * 1040) DIV $invoices DAY), UNHEX(SHA2(r2, 256))
FROM numbers WHERE n <= $invoices;

INSERT INTO payments (invoice_id, method, amount, paid_at, reference)
SELECT
    1 + r1 % $invoices, 1 + r2 % 4, r3 % 50000000 / 10000,
    '2023-11-05' + INTERVAL r4 % 93000000 SECOND + INTERVAL r2 % 1000000 MICROSECOND,
    IF(r3 % 4 = 0, NULL, CONCAT('ref ', r3, '/', n))
FROM numbers WHERE n <= $payments;

INSERT INTO shipments (order_id, warehouse_id, tracking, shipped_at)
SELECT n, 1 + r1 % 4, IF(r2 % 6 = 0, NULL, CONCAT('1Z', LPAD(n, 12, '0'))), IF(r3 % 10 = 0, NULL, '2024-01-01' + INTERVAL r3 % 90000000 SECOND)
FROM numbers WHERE n <= $shipments;

INSERT INTO shipment_lines (shipment_id, order_id, line_no)
SELECT n, n, 1 FROM numbers WHERE n <= $shipment_lines;

INSERT INTO documents (name, content, title, stored_at)
SELECT
    CONCAT(IF(n % 2 = 0, 'Contract ', 'contract '), n), IF(r1 % 12 = 0, NULL, REPEAT(UNHEX(SHA2(r2, 512)), 1 + r3 % 120)),
    IF(r4 % 3 = 0, NULL, CONCAT('Vertrag №', n)), '2020-02-29 12:00:00' + INTERVAL r4 % 190000000 SECOND
FROM numbers WHERE n <= $documents;

INSERT INTO login_attempts (email, address, succeeded, attempted_at)
SELECT
    CONCAT('customer', 1 + r1 % $customers, '@example.org'), UNHEX(LEFT(SHA2(r2, 224), IF(r3 % 3 = 0, 32, 8))), r4 % 4 > 0,
    '2026-09-01' + INTERVAL r3 % 5000000 SECOND
FROM numbers WHERE n <= $login_attempts;

INSERT INTO legacy_contacts (id, name, city)
SELECT n, ELT(1 + r1 % 4, 'Müller & Söhne', 'Café Noël', 'Peña S.A.', 'Ångbåt AB'), ELT(1 + r2 % 3, 'Besançon', 'Malmö', NULL)
FROM numbers WHERE n <= $legacy_contacts;

INSERT INTO page_views (id, viewed_on, path, referrer, duration)
SELECT
    n, '2024-01-01' + INTERVAL r1 % 1000 DAY, CONCAT('/', ELT(1 + r2 % 3, 'product', 'Kategorie', 'suche?q=tee%20☕'), '/', r3 % 5000),
    IF(r4 % 2 = 0, NULL, CONCAT('https://shop.example/', r4 % 900)), IF(r1 % 9 = 0, NULL, r2 / 1e7)
FROM numbers WHERE n <= $page_views;
