#!/bin/bash
export PATH="$APP_HOME/.conda/bin:$PATH"
exec python train.py
