"""Nothing here is crawled: how a source that was looks, in a registry file or in a delivery."""

REASON = "crawl_source"

FIELDS = frozenset(
    {
        "crawl", "crawled", "crawler", "crawl_date", "common_crawl", "domain", "domains", "scrape", "scraped", "seed", "seeds",
        "sitemap", "sitemaps", "url", "urls", "url_list", "warc", "wayback",
    }
)  # fmt: skip
"""Keys by which a list of addresses would be configured."""

WHY = (
    "Texts come from an institution under an agreement, never from a list of addresses: what stands on the web was not given to "
    "anyone for training"
)


def crawl_fields(keys: object) -> list[str]:
    """Which keys of a mapping are those of a crawl, sorted; none where it is no mapping."""
    if not isinstance(keys, dict):
        return []
    return sorted(str(key) for key in keys if str(key).lower().replace("-", "_") in FIELDS)
