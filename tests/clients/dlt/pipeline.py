"""Loads an org into DuckDB twice by dlt's own source; prints rows by table as JSON: pipeline.py ADDRESS TOKEN FOLDER."""

import json
import sys

import dlt
from salesforce import salesforce_source
from salesforce.helpers.client import InstanceAuth

url, token, folder = sys.argv[1:]
login = InstanceAuth()
login.session_id, login.instance_url = token, url
pipeline = dlt.pipeline(
    "org",
    pipelines_dir=folder,
    destination=dlt.destinations.duckdb(f"{folder}/warehouse.duckdb"),
    dataset_name="loaded",
)
for _ in range(2):
    pipeline.run(salesforce_source(credentials=login)).raise_on_failed_jobs()
counts = {}
with pipeline.sql_client() as client:
    for name in pipeline.default_schema.data_table_names():
        counts[name] = client.execute_sql(f"SELECT COUNT(*) FROM {client.make_qualified_table_name(name)}")[0][0]
print(json.dumps(counts))
