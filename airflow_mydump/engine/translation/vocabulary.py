"""The words of each vendor's SQL that the other does not know."""

from __future__ import annotations

from collections.abc import Mapping

from airflow_mydump.engine.server.flavor import Vendor

FUNCTIONS_UNKNOWN: Mapping[Vendor, frozenset[str]] = {
    "mariadb": frozenset(
        {
            "any_value", "bin_to_uuid", "uuid_to_bin", "is_uuid", "regexp_like", "json_storage_size",
            "json_storage_free", "format_bytes", "format_pico_time", "grouping", "roles_graphml", "st_latitude",
            "st_longitude", "st_transform", "st_swapxy", "st_geohash", "st_latfromgeohash", "st_longfromgeohash",
            "st_pointfromgeohash", "st_hausdorffdistance", "st_frechetdistance", "random_bytes",
            "string_to_vector", "to_vector", "from_vector", "vector_to_string", "vector_dim", "statement_digest",
            "statement_digest_text", "gtid_subset", "gtid_subtract", "get_dd_column_privileges",
        }
    ),
    "mysql": frozenset(
        {
            "add_months", "to_char", "to_number", "sys_guid", "decode_oracle", "natural_sort_key", "sformat", "kdf",
            "json_detailed", "json_compact", "json_loose", "json_exists", "json_query", "json_equals",
            "json_normalize", "json_object_to_array", "json_array_intersect", "json_object_filter_keys",
            "json_key_value", "nextval", "lastval", "setval", "chr", "crc32c", "column_get",
            "column_create", "column_add", "column_delete", "column_exists", "column_json", "column_list",
            "percentile_cont", "percentile_disc", "median", "vec_distance", "vec_fromtext", "vec_totext",
            "lengthb", "sys_context",
        }
    ),
}  # fmt: skip
"""Functions that the target of this vendor does not have: whatever calls one is refused by name."""

OPTIONS_SHARED = frozenset(
    {
        "ENGINE", "CHARSET", "COLLATE", "COMMENT", "ROW_FORMAT", "KEY_BLOCK_SIZE", "MAX_ROWS", "MIN_ROWS",
        "AVG_ROW_LENGTH", "PACK_KEYS", "CHECKSUM", "DELAY_KEY_WRITE", "STATS_PERSISTENT", "STATS_AUTO_RECALC",
        "STATS_SAMPLE_PAGES",
    }
)  # fmt: skip
"""Options of tables that both vendors know."""

OPTIONS_DROPPED = frozenset(
    {
        "PAGE_COMPRESSED", "PAGE_COMPRESSION_LEVEL", "PAGE_CHECKSUM", "TRANSACTIONAL", "TABLE_CHECKSUM", "COMPRESSION",
        "AUTOEXTEND_SIZE", "SECONDARY_ENGINE", "IETF_QUOTES",
    }
)  # fmt: skip
"""Options of one vendor that change how rows are stored and not what they mean; dropped with a warning."""

ENGINES_SHARED = frozenset({"INNODB", "MYISAM", "MEMORY", "CSV", "BLACKHOLE"})

COLUMN_ATTRIBUTES_DROPPED = ("COMPRESSED", "COLUMN_FORMAT", "STORAGE", "WITHOUT SYSTEM VERSIONING")
"""Beginnings of columns' attributes that change how values are stored and not what they mean."""

TYPES_REFUSED = frozenset({"uuid", "inet4", "inet6", "vector"})
"""Types that the other vendor does not have; all but vector may become another by the user's choice."""
