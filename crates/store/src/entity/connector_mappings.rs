//! Versions of mappings; one is live for each connector, target and tool.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "connector_mappings")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub pk: i64,
    pub connector_mapping_id: Uuid,
    pub workspace_pk: i64,
    pub workspace_connector_pk: i64,
    pub target_model: String,
    pub tool_name: String,
    pub version: i32,
    pub is_live: bool,
    pub last_good_version: Option<i32>,
    pub generator: String,
    pub jsonata_expression: String,
    pub plan: Option<Json>,
    pub tool_arguments: Option<Json>,
    pub pagination_plan: Option<Json>,
    pub needs_regeneration: bool,
    pub regeneration_reason: Option<String>,
    pub input_fingerprint: String,
    pub output_schema_hash: Option<String>,
    pub target_schema_hash: Option<String>,
    pub governance_hash: Option<String>,
    pub slot_report: Option<Json>,
    pub jury: Option<Json>,
    pub stats: Option<Json>,
    pub input_shape: Option<Json>,
    pub sample: Option<Json>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    pub deleted_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
