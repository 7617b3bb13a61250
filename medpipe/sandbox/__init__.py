"""The whole system on one machine, over an invented medicine: servers, a small NLM, a tiny base model and the demo.

| module | what it does |
|---|---|
| `world` | invents conditions, drugs and facts |
| `nlm/` | publishes them in NLM's formats |
| `tiny_base`, `tiny_base_texts` | pretrain the base model |
| `servers`, `server`, `stack`, `run_state` | start, watch and stop the processes |
| `airflow_home`, `airflow_rest` | configure Airflow, and call its REST API |
| `demo`, `story`, `narrator`, `asking` | run the demo |
| `report`, `page`, `plots`, `rendering` | write its report |
"""
