-- Run by PostgreSQL when its volume is empty. The database `airflow` is POSTGRES_DB.
CREATE DATABASE medpipe;
CREATE DATABASE mlflow;
