"""Airflow on this machine: its settings, its secrets, its four processes. Nothing here imports Airflow."""
