-- The tables of one tenant: a shop with a warehouse and an office.
-- A statement ends with a semicolon before an empty line. $$ names are filled in by sandbox/tenants.py.

CREATE TABLE countries (
    code CHAR(2) CHARACTER SET ascii NOT NULL PRIMARY KEY,
    name VARCHAR(80) NOT NULL,
    vat DECIMAL(5,4) NOT NULL DEFAULT 0.2000
);

CREATE TABLE currency_rates (
    currency CHAR(3) CHARACTER SET ascii NOT NULL,
    valid_on DATE NOT NULL,
    rate DOUBLE NOT NULL,
    spread FLOAT NULL,
    PRIMARY KEY (currency, valid_on)
);

CREATE TABLE settings (
    `key` VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
    `value` JSON NOT NULL,
    changed_at TIMESTAMP(6) NULL
);

CREATE TABLE `übersetzungen` (
    locale VARCHAR(8) NOT NULL,
    `key` VARCHAR(64) NOT NULL,
    `text` TEXT NOT NULL,
    PRIMARY KEY (locale, `key`)
) COMMENT = 'what the first version''s authors called translations';

-- employees and departments refer to each other: see the end of this file
CREATE TABLE departments (
    id SMALLINT UNSIGNED NOT NULL PRIMARY KEY,
    name VARCHAR(60) NOT NULL UNIQUE,
    head_id INT UNSIGNED NULL
);

CREATE TABLE employees (
    id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    manager_id INT UNSIGNED NULL,
    department_id SMALLINT UNSIGNED NOT NULL,
    first_name VARCHAR(40) NOT NULL,
    last_name VARCHAR(40) NOT NULL,
    hired_on DATE NOT NULL,
    born YEAR NULL,
    shift_starts TIME(3) NOT NULL DEFAULT '08:00:00',
    salary DECIMAL(10,2) NULL,
    KEY (last_name, first_name),
    CONSTRAINT employees_manager FOREIGN KEY (manager_id) REFERENCES employees (id) ON DELETE SET NULL,
    CONSTRAINT employees_department FOREIGN KEY (department_id) REFERENCES departments (id)
);

CREATE TABLE suppliers (
    id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    name VARCHAR(120) NOT NULL,
    country_code CHAR(2) CHARACTER SET ascii NOT NULL,
    contact JSON NULL,
    CONSTRAINT suppliers_country FOREIGN KEY (country_code) REFERENCES countries (code)
);

CREATE TABLE categories (
    id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    parent_id INT UNSIGNED NULL,
    name VARCHAR(80) NOT NULL,
    CONSTRAINT categories_parent FOREIGN KEY (parent_id) REFERENCES categories (id)
);

CREATE TABLE products (
    id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    sku VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    category_id INT UNSIGNED NOT NULL,
    supplier_id INT UNSIGNED NULL,
    name VARCHAR(120) NOT NULL,
    description TEXT NULL,
    price DECIMAL(12,4) NOT NULL,
    gross_price DECIMAL(14,4) GENERATED ALWAYS AS (price * 1.2) STORED,
    margin DECIMAL(14,4) GENERATED ALWAYS AS (price * 0.3) VIRTUAL,
    weight FLOAT NULL,
    rating DOUBLE NULL,
    attributes JSON NULL,
    status ENUM('draft', 'active', 'retired') NOT NULL DEFAULT 'draft',
    channels SET('web', 'store', 'phone', 'market') NOT NULL DEFAULT '',
    flags BIT(10) NOT NULL DEFAULT b'0',
    thumbnail VARBINARY(255) NULL,
    UNIQUE KEY products_sku (sku),
    KEY products_category (category_id, status),
    KEY products_margin (margin),
    FULLTEXT KEY products_words (name, description),
    CONSTRAINT products_category FOREIGN KEY (category_id) REFERENCES categories (id),
    CONSTRAINT products_supplier FOREIGN KEY (supplier_id) REFERENCES suppliers (id) ON DELETE SET NULL,
    CONSTRAINT products_price CHECK (price >= 0)
);

CREATE TABLE price_history (
    product_id INT UNSIGNED NOT NULL,
    valid_from DATE NOT NULL,
    price DECIMAL(12,4) NOT NULL,
    PRIMARY KEY (product_id, valid_from),
    CONSTRAINT price_history_product FOREIGN KEY (product_id) REFERENCES products (id) ON DELETE CASCADE
);

CREATE TABLE warehouses (
    id TINYINT UNSIGNED NOT NULL PRIMARY KEY,
    country_code CHAR(2) CHARACTER SET ascii NOT NULL,
    name VARCHAR(60) NOT NULL,
    CONSTRAINT warehouses_country FOREIGN KEY (country_code) REFERENCES countries (code)
);

CREATE TABLE stock_levels (
    warehouse_id TINYINT UNSIGNED NOT NULL,
    product_id INT UNSIGNED NOT NULL,
    quantity MEDIUMINT NOT NULL,
    counted_at DATETIME NULL,
    PRIMARY KEY (warehouse_id, product_id),
    CONSTRAINT stock_levels_warehouse FOREIGN KEY (warehouse_id) REFERENCES warehouses (id),
    CONSTRAINT stock_levels_product FOREIGN KEY (product_id) REFERENCES products (id)
);

-- the table that outgrew all others in the first tenant
CREATE TABLE stock_movements (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    product_id INT UNSIGNED NOT NULL,
    warehouse_id TINYINT UNSIGNED NOT NULL,
    delta INT NOT NULL,
    reason ENUM('receipt', 'sale', 'return', 'correction') NOT NULL,
    moved_at DATETIME(3) NOT NULL,
    remark VARCHAR(200) NULL,
    KEY stock_movements_product (product_id, moved_at),
    CONSTRAINT stock_movements_product FOREIGN KEY (product_id) REFERENCES products (id),
    CONSTRAINT stock_movements_warehouse FOREIGN KEY (warehouse_id) REFERENCES warehouses (id)
);

CREATE TABLE customers (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    public_id BINARY(16) NOT NULL,
    loyalty_number BIGINT UNSIGNED NULL,
    email VARCHAR(160) NOT NULL,
    first_name VARCHAR(40) NOT NULL,
    last_name VARCHAR(40) NOT NULL,
    display_name VARCHAR(84) GENERATED ALWAYS AS (CONCAT(last_name, ', ', first_name)) VIRTUAL,
    country_code CHAR(2) CHARACTER SET ascii NOT NULL,
    born_on DATE NULL,
    credit_limit DECIMAL(12,2) NULL,
    notes TEXT NULL,
    created_at DATETIME(6) NOT NULL,
    seen_at TIMESTAMP NULL,
    UNIQUE KEY customers_public_id (public_id),
    UNIQUE KEY customers_email (email),
    KEY customers_name (display_name),
    CONSTRAINT customers_country FOREIGN KEY (country_code) REFERENCES countries (code)
);

CREATE TABLE customer_addresses (
    customer_id BIGINT UNSIGNED NOT NULL,
    kind ENUM('billing', 'delivery') NOT NULL,
    street VARCHAR(120) NOT NULL,
    city VARCHAR(80) NOT NULL,
    postal_code VARCHAR(12) NULL,
    PRIMARY KEY (customer_id, kind),
    CONSTRAINT customer_addresses_customer FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE
);

CREATE TABLE orders (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    customer_id BIGINT UNSIGNED NOT NULL,
    employee_id INT UNSIGNED NULL,
    status ENUM('open', 'paid', 'shipped', 'cancelled') NOT NULL DEFAULT 'open',
    ordered_at DATETIME(6) NOT NULL,
    total DECIMAL(14,4) NULL,
    instructions VARCHAR(255) NULL,
    KEY orders_customer (customer_id, ordered_at),
    CONSTRAINT orders_customer FOREIGN KEY (customer_id) REFERENCES customers (id),
    CONSTRAINT orders_employee FOREIGN KEY (employee_id) REFERENCES employees (id) ON DELETE SET NULL
);

CREATE TABLE order_lines (
    order_id BIGINT UNSIGNED NOT NULL,
    line_no SMALLINT UNSIGNED NOT NULL,
    product_id INT UNSIGNED NOT NULL,
    quantity DECIMAL(9,3) NOT NULL,
    unit_price DECIMAL(12,4) NOT NULL,
    discount DECIMAL(4,3) NOT NULL DEFAULT 0,
    amount DECIMAL(18,4) GENERATED ALWAYS AS (quantity * unit_price * (1 - discount)) STORED,
    PRIMARY KEY (order_id, line_no),
    CONSTRAINT order_lines_order FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE,
    CONSTRAINT order_lines_product FOREIGN KEY (product_id) REFERENCES products (id)
);

CREATE TABLE invoices (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    order_id BIGINT UNSIGNED NOT NULL,
    number CHAR(14) CHARACTER SET ascii NOT NULL,
    issued_on DATE NOT NULL,
    due_on DATE NULL,
    digest BINARY(32) NOT NULL,
    UNIQUE KEY invoices_number (number),
    UNIQUE KEY invoices_order (order_id),
    CONSTRAINT invoices_order FOREIGN KEY (order_id) REFERENCES orders (id)
);

CREATE TABLE payments (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    invoice_id BIGINT UNSIGNED NOT NULL,
    method ENUM('card', 'transfer', 'cash', 'voucher') NOT NULL,
    amount DECIMAL(14,4) NOT NULL,
    paid_at DATETIME(6) NOT NULL,
    reference VARCHAR(60) NULL,
    CONSTRAINT payments_invoice FOREIGN KEY (invoice_id) REFERENCES invoices (id)
);

CREATE TABLE shipments (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    order_id BIGINT UNSIGNED NOT NULL,
    warehouse_id TINYINT UNSIGNED NOT NULL,
    tracking VARCHAR(32) CHARACTER SET ascii NULL,
    shipped_at TIMESTAMP NULL,
    UNIQUE KEY shipments_tracking (tracking),
    CONSTRAINT shipments_order FOREIGN KEY (order_id) REFERENCES orders (id),
    CONSTRAINT shipments_warehouse FOREIGN KEY (warehouse_id) REFERENCES warehouses (id)
);

CREATE TABLE shipment_lines (
    shipment_id BIGINT UNSIGNED NOT NULL,
    order_id BIGINT UNSIGNED NOT NULL,
    line_no SMALLINT UNSIGNED NOT NULL,
    PRIMARY KEY (shipment_id, line_no),
    CONSTRAINT shipment_lines_shipment FOREIGN KEY (shipment_id) REFERENCES shipments (id),
    CONSTRAINT shipment_lines_line FOREIGN KEY (order_id, line_no) REFERENCES order_lines (order_id, line_no)
);

CREATE TABLE documents (
    name VARCHAR(80) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
    content LONGBLOB NULL,
    title TINYTEXT NULL,
    stored_at DATETIME(6) NOT NULL
);

-- no key at all
CREATE TABLE login_attempts (
    email VARCHAR(160) NOT NULL,
    address VARBINARY(16) NOT NULL,
    succeeded BOOLEAN NOT NULL,
    attempted_at DATETIME(6) NOT NULL
);

CREATE TABLE legacy_contacts (
    id INT NOT NULL PRIMARY KEY,
    name VARCHAR(60) NOT NULL,
    city VARCHAR(60) NULL
) DEFAULT CHARACTER SET latin1;

CREATE TABLE page_views (
    id BIGINT UNSIGNED NOT NULL,
    viewed_on DATE NOT NULL,
    path VARCHAR(120) NOT NULL,
    referrer VARCHAR(120) NULL,
    duration FLOAT NULL,
    PRIMARY KEY (id, viewed_on)
) PARTITION BY RANGE (YEAR(viewed_on)) (
    PARTITION p2024 VALUES LESS THAN (2025),
    PARTITION p2025 VALUES LESS THAN (2026),
    PARTITION later VALUES LESS THAN MAXVALUE
);

CREATE TABLE change_log (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    changed_at DATETIME(6) NOT NULL,
    what VARCHAR(80) NOT NULL,
    details JSON NULL
);

ALTER TABLE departments
    ADD CONSTRAINT departments_head FOREIGN KEY (head_id) REFERENCES employees (id);
