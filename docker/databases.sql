-- PostgreSQL runs this file when its volume is empty. It makes the database `airflow` itself (POSTGRES_DB).
CREATE DATABASE medpipe;
CREATE DATABASE mlflow;
