"""Fetching files and pages: sessions, retries, rate limits, safe XML, a cache of parsed files."""
